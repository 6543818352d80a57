//! Where an application stands (審査の状態; RB-09), as a machine in types: a step that is not in the table below does not
//! compile, and read from the store it does not apply.
//!
//! It must never let anybody skip the committee: there is one way to [`Approved`], through [`InReview`].

musubi_compliance::word_list! {
    /// Where an application stands.
    State {
        /// Being written.
        Draft = "draft", "作成中";
        /// Handed in.
        Submitted = "submitted", "提出済み";
        /// The secretariat looks whether it is complete.
        PreCheck = "pre-check", "事前確認";
        /// Before the committee.
        InReview = "in-review", "審査中";
        /// Approved.
        Approved = "approved", "承認";
        /// Approved once its conditions are closed.
        Conditional = "conditional", "条件付き承認";
        /// Sent back to be changed.
        Returned = "returned", "差戻し";
        /// Refused.
        Rejected = "rejected", "不承認";
        /// Approved, and stopped for now.
        Suspended = "suspended", "停止中";
        /// Its time is over.
        Expired = "expired", "期限切れ";
        /// Its work is done.
        Completed = "completed", "完了";
        /// Taken back by the applicant.
        Withdrawn = "withdrawn", "取下げ";
    }
}

musubi_compliance::word_list! {
    /// What moves an application.
    Step {
        /// The applicant hands it in.
        Submit = "submit", "提出";
        /// The applicant takes it back.
        Withdraw = "withdraw", "取下げ";
        /// The secretariat takes it up.
        Take = "take", "事前確認の開始";
        /// The secretariat sends it back.
        SendBack = "return", "差戻し";
        /// The secretariat puts it before the committee.
        Accept = "accept", "審査へ回付";
        /// The committee approves.
        Approve = "approve", "承認";
        /// The committee approves under conditions.
        Attach = "conditional", "条件付き承認";
        /// The committee asks for changes.
        Revise = "revise", "修正の求め";
        /// The committee refuses.
        Reject = "reject", "不承認";
        /// The last condition was closed.
        Fulfil = "fulfil", "条件の充足";
        /// The approval is stopped.
        Suspend = "suspend", "承認の停止";
        /// The approval goes on.
        Resume = "resume", "停止の解除";
        /// Its last day has passed.
        Expire = "expire", "期限切れ";
        /// Its work is done, or an amendment took its place.
        Complete = "complete", "完了";
        /// The applicant objects to a refusal.
        Appeal = "appeal", "異議の申立て";
    }
}

/// A step that cannot follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "REV_STEP: {} cannot follow {} ({}の申出に「{}」はできません)",
    .step.as_str(), .from.as_str(), .from.ja(), .step.ja()
)]
pub struct Illegal {
    /// Where it stands.
    pub from: State,
    /// What was to be done.
    pub step: Step,
}

/// An application in a state that the compiler knows. The way leads through the committee:
///
/// ```
/// use musubi_review_board::committee::stage::Case;
/// let approved = Case::begun().submit().take().accept().approve();
/// let resumed = approved.suspend().resume();
/// ```
///
/// and around it nothing compiles:
///
/// ```compile_fail,E0599
/// use musubi_review_board::committee::stage::Case;
/// let approved = Case::begun().submit().approve();
/// ```
#[derive(Debug, PartialEq, Eq)]
pub struct Case<S>(std::marker::PhantomData<S>);

macro_rules! machine {
    (states: $($state:ident)*; begins: $first:ident; $($from:ident --$method:ident $step:ident--> $to:ident;)*) => {
        $(
            #[doc = concat!("The state `", stringify!($state), "`.")]
            #[derive(Debug, PartialEq, Eq)]
            pub struct $state;
        )*

        impl Case<$first> {
            /// A new application.
            #[must_use]
            pub fn begun() -> Self {
                Self(std::marker::PhantomData)
            }
        }

        $(
            impl Case<$from> {
                #[doc = concat!("To `", stringify!($to), "`.")]
                #[must_use]
                pub fn $method(self) -> Case<$to> {
                    Case(std::marker::PhantomData)
                }
            }
        )*

        /// An application in a state that was read.
        #[derive(Debug, PartialEq, Eq)]
        pub enum AnyCase {
            $(#[doc = concat!("In `", stringify!($state), "`.")] $state(Case<$state>),)*
        }

        impl AnyCase {
            /// A new application.
            #[must_use]
            pub fn begun() -> Self {
                Self::$first(Case::begun())
            }

            /// Where it stands.
            #[must_use]
            pub fn state(&self) -> State {
                match self { $(Self::$state(_) => State::$state,)* }
            }

            /// Takes a step that was read.
            ///
            /// # Errors
            /// [`Illegal`]: no such way in the table.
            pub fn step(self, step: Step) -> Result<Self, Illegal> {
                match (self, step) {
                    $((Self::$from(case), Step::$step) => Ok(Self::$to(case.$method())),)*
                    (case, step) => Err(Illegal { from: case.state(), step }),
                }
            }
        }
    };
}

machine! {
    states: Draft Submitted PreCheck InReview Approved Conditional Returned Rejected Suspended Expired Completed Withdrawn;
    begins: Draft;
    Draft --submit Submit--> Submitted;
    Draft --withdraw Withdraw--> Withdrawn;
    Returned --submit Submit--> Submitted;
    Returned --withdraw Withdraw--> Withdrawn;
    Submitted --take Take--> PreCheck;
    Submitted --withdraw Withdraw--> Withdrawn;
    PreCheck --send_back SendBack--> Returned;
    PreCheck --accept Accept--> InReview;
    PreCheck --withdraw Withdraw--> Withdrawn;
    InReview --approve Approve--> Approved;
    InReview --attach Attach--> Conditional;
    InReview --revise Revise--> Returned;
    InReview --reject Reject--> Rejected;
    InReview --withdraw Withdraw--> Withdrawn;
    Conditional --fulfil Fulfil--> Approved;
    Conditional --expire Expire--> Expired;
    Approved --suspend Suspend--> Suspended;
    Approved --expire Expire--> Expired;
    Approved --complete Complete--> Completed;
    Suspended --resume Resume--> Approved;
    Suspended --expire Expire--> Expired;
    Suspended --complete Complete--> Completed;
    Rejected --appeal Appeal--> Submitted;
}

/// Follows steps from the beginning.
///
/// # Errors
/// [`Illegal`] names the first step that cannot follow: then the store was tampered with.
pub fn follow(steps: impl IntoIterator<Item = Step>) -> Result<AnyCase, Illegal> {
    steps.into_iter().try_fold(AnyCase::begun(), AnyCase::step)
}

/// The steps that may follow a state.
#[must_use]
pub fn possible(steps: &[Step]) -> Vec<Step> {
    let may = |step: &Step| follow(steps.iter().copied().chain([*step])).is_ok();
    Step::ALL.iter().copied().filter(may).collect()
}
