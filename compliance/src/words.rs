//! Closed lists of words that stand in the books: one macro, so that every list has its stored word, its Japanese word
//! and the way back. It must never accept a word that is not in the list.

/// A closed list of words that stand in the books: stored word, Japanese word, and the way back.
#[macro_export]
macro_rules! word_list {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal, $ja:literal;)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$doc])* $variant,)* }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The stored word.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// The Japanese word.
            #[must_use]
            pub fn ja(self) -> &'static str {
                match self { $(Self::$variant => $ja,)* }
            }

            /// The inverse of [`Self::as_str`].
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|w| w.as_str() == name)
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                Self::from_name(text).ok_or_else(|| {
                    let all: Vec<&str> = Self::ALL.iter().map(|w| w.as_str()).collect();
                    format!("one of: {}", all.join(", "))
                })
            }
        }
    };
}
