//! Logging in (ログイン; law: R-SEC-01, R-SEC-07, C-074, C-076, C-084): who comes in, with two factors, and for how long.
//!
//! * [`Door`]: the way in and out – password, second factor, session, invitation, certificate of a machine.
//! * [`Keeper`]: what a security-admin does with credentials, sessions and certificates.
//! * [`break_glass`]: a role lent for a short time in an emergency.
//!
//! It must never open a session without both factors, never say to whoever stands outside whether an account exists, and
//! never keep a password, a secret or a token as it is. Every outcome is an entry of the audit log; a name that is no
//! account's is written there as `unknown`.

mod book;
pub mod break_glass;
mod credential;
mod door;
mod keeper;
mod machine;
mod password;
mod rules;
mod secret;

pub use door::{Door, Enrolment, Visitor};
pub use keeper::{Invitation, Issued, Keeper, NotKept, SecondHalf};
use musubi_model::parameter::ParameterError;
use musubi_storage::StorageError;
pub use password::PasswordRefused;
pub use rules::Rules;
pub use secret::{PendingToken, SessionToken, code_now};

/// The fingerprint of a certificate as machines write it: 64 hexadecimal digits. `None`: it is none.
#[must_use]
pub fn digest_of_hex(text: &str) -> Option<musubi_storage::login::Digest> {
    musubi_model::ids::from_hex(text)
}

/// Number of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct SessionId(pub i64);

/// Why somebody does not come in, as told to whoever stands outside: no word of which account exists or is locked.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Account, password or state of the account: which, is not told.
    #[error("account or password is wrong, or the account is locked")]
    Credentials,
    /// The six digits are wrong, were used before, or the account is locked.
    #[error("the code is wrong or was used, or the account is locked")]
    Code,
    /// Too late after the password, or nothing was begun.
    #[error("the time for the second factor is over; begin again")]
    Over,
    /// No such invitation, or its time is over.
    #[error("the invitation is not valid; ask for another")]
    Invitation,
    /// The new password does not follow the rules.
    #[error(transparent)]
    Password(#[from] PasswordRefused),
    /// The parameters of logging in cannot be used; nobody comes in.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// The store.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Refused {
    /// The same in Japanese.
    #[must_use]
    pub fn ja(&self) -> String {
        match self {
            Self::Credentials => {
                "アカウントまたはパスワードが違うか、アカウントがロックされています".to_owned()
            }
            Self::Code => "確認コードが違うか使用済み、またはアカウントがロックされています".to_owned(),
            Self::Over => "確認コードを入力する時間が過ぎました。最初からやり直してください".to_owned(),
            Self::Invitation => "招待が有効ではありません。新しい招待を依頼してください".to_owned(),
            Self::Password(why) => why.ja(),
            Self::Parameter(_) => "ログインの設定(パラメータ login.*)を使えません".to_owned(),
            Self::Storage(_) => "保存先が応答しません。しばらくしてからやり直してください".to_owned(),
        }
    }
}
