//! What becomes of releases that hold data of a person who asked to stop, or whose records were joined or parted wrongly
//! (提供済みの情報への影響, law.md R-OPT-08, R-OPT-09, R-PSE-03).
//!
//! Pure rules over the product and what became of its hand-overs. It must never lead to a row of anonymised data: for those
//! the answer is that nothing is done, because nobody may look for the person in them.

use musubi_model::spec::Product;

/// Why somebody asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The person asked to stop.
    Stop,
    /// Matching held two persons for one, or one for two.
    Matching,
}

/// How far a hand-over is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Handed {
    /// It was not handed to anybody yet.
    Not,
    /// The recipient has it.
    Held,
    /// The recipient was asked to delete it.
    Recalled,
    /// The recipient certified that it is destroyed.
    Destroyed,
}

impl Handed {
    /// From the events of a hand-over, in any order: what is destroyed stays destroyed.
    #[must_use]
    pub fn of<'a>(events: impl IntoIterator<Item = &'a str>) -> Self {
        events.into_iter().fold(Self::Held, |far, event| match event {
            "destroyed" => Self::Destroyed,
            "recalled" => far.max(Self::Recalled),
            _ => far,
        })
    }

    /// The word in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Not => "not-handed",
            Self::Held => "held",
            Self::Recalled => "recalled",
            Self::Destroyed => "destroyed",
        }
    }

    /// For people.
    #[must_use]
    pub fn ja(self) -> &'static str {
        match self {
            Self::Not => "未提供",
            Self::Held => "提供先が保有",
            Self::Recalled => "返還・消去を求めた",
            Self::Destroyed => "消去の証明を受領",
        }
    }
}

/// What the Act asks. The first is the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Duty {
    /// Nothing, and nobody may look for the person in it.
    Nothing,
    /// All is done.
    Done,
    /// Wait for the certificate of destruction.
    AwaitCertificate,
    /// It must not be handed over as it is: made anew first.
    HoldBack,
    /// Tell the recipient, and ask for deletion.
    AskDeletion,
}

impl Duty {
    /// All, the least first.
    pub const ALL: [Self; 5] =
        [Self::Nothing, Self::Done, Self::AwaitCertificate, Self::HoldBack, Self::AskDeletion];

    /// What is asked of a product that is so far.
    #[must_use]
    pub fn of(product: Product, handed: Handed) -> Self {
        match (product, handed) {
            (_, Handed::Not) => Self::HoldBack,
            (Product::Pseudonymized, Handed::Held) => Self::AskDeletion,
            (Product::Pseudonymized, Handed::Recalled) => Self::AwaitCertificate,
            (Product::Pseudonymized, Handed::Destroyed) => Self::Done,
            (Product::Statistics | Product::Anonymized | Product::Linkable, _) => Self::Nothing,
        }
    }

    /// The word in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Done => "done",
            Self::AwaitCertificate => "await-certificate",
            Self::HoldBack => "hold-back",
            Self::AskDeletion => "ask-deletion",
        }
    }

    /// What is to be done, for people.
    #[must_use]
    pub fn ja(self, cause: Cause) -> &'static str {
        match (self, cause) {
            (Self::Nothing, _) => "することはありません。どの行が本人かを調べてはなりません(識別行為の禁止)",
            (Self::Done, _) => "済んでいます(消去の証明を受領)",
            (Self::AwaitCertificate, _) => "提供先からの消去の証明を待っています",
            (Self::HoldBack, Cause::Stop) => "このまま提供せず、本人を除いて作り直してください",
            (Self::HoldBack, Cause::Matching) => "このまま提供せず、名寄せを直してから作り直してください",
            (Self::AskDeletion, Cause::Stop) => "提供先(認定利用事業者)に通知し、消去を求めてください",
            (Self::AskDeletion, Cause::Matching) => {
                "提供先(認定利用事業者)に名寄せの訂正を通知し、該当する情報の消去を求めてください"
            }
        }
    }

    /// The same in English.
    #[must_use]
    pub fn en(self, cause: Cause) -> &'static str {
        match (self, cause) {
            (Self::Nothing, _) => "nothing to do; nobody may look for the person in its rows",
            (Self::Done, _) => "done: the recipient certified the destruction",
            (Self::AwaitCertificate, _) => "waits for the recipient's certificate of destruction",
            (Self::HoldBack, Cause::Stop) => "do not hand it over as it is; make it anew without the person",
            (Self::HoldBack, Cause::Matching) => {
                "do not hand it over as it is; make it anew once matching is right"
            }
            (Self::AskDeletion, Cause::Stop) => "notify the recipient (certified user) and ask for deletion",
            (Self::AskDeletion, Cause::Matching) => {
                "tell the recipient (certified user) of the correction and ask for deletion of what it concerns"
            }
        }
    }
}

/// What is asked of a release as a whole: the most of what its hand-overs ask.
#[must_use]
pub fn of_release(product: Product, handed: &[Handed]) -> Duty {
    let asked = handed.iter().map(|h| Duty::of(product, *h)).max();
    asked.unwrap_or_else(|| Duty::of(product, Handed::Not))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PRODUCTS: [Product; 4] =
        [Product::Statistics, Product::Anonymized, Product::Pseudonymized, Product::Linkable];

    fn events() -> impl Strategy<Value = Vec<&'static str>> {
        let event = prop::sample::select(vec!["fetched", "acknowledged", "recalled", "destroyed"]);
        prop::collection::vec(event, 0..6)
    }

    proptest! {
        /// Nothing that was handed over is ever looked into unless it is pseudonymised; and what is pseudonymised is asked
        /// back until it is certified as destroyed.
        #[test]
        fn only_pseudonymised_data_is_asked_back(product in prop::sample::select(PRODUCTS.to_vec()), all in prop::collection::vec(events(), 1..4)) {
            let handed: Vec<Handed> = all.iter().map(|e| Handed::of(e.iter().copied())).collect();
            let duty = of_release(product, &handed);
            if product == Product::Pseudonymized {
                let everywhere = |far: Handed| handed.iter().all(|h| *h >= far);
                prop_assert_eq!(duty == Duty::Done, everywhere(Handed::Destroyed));
                prop_assert_eq!(duty == Duty::AskDeletion, !everywhere(Handed::Recalled));
            } else {
                prop_assert_eq!(duty, Duty::Nothing);
            }
        }

        /// The order of events makes no difference.
        #[test]
        fn a_hand_over_is_as_far_as_its_furthest_event(mut events in events()) {
            let far = Handed::of(events.iter().copied());
            events.reverse();
            prop_assert_eq!(Handed::of(events.iter().copied()), far);
        }
    }

    #[test]
    fn what_is_not_handed_over_is_held_back_whatever_it_is() {
        for product in PRODUCTS {
            assert_eq!(of_release(product, &[]), Duty::HoldBack);
        }
    }
}
