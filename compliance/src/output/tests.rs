//! Whatever the books hold: nothing is handed over without two checkers and two keys, all of them different people.

use jiff::Timestamp;
use musubi_storage::act::output::{ExceptionRow, OfficerWord};
use proptest::prelude::*;

use super::*;

const HASH: &str = "aa";

fn built() -> Built {
    Built {
        release: "R-1".to_owned(),
        manifest_hash: HASH.to_owned(),
        files: ["a.csv", "b.csv"].map(str::to_owned).into(),
        makers: BTreeSet::from(["release-job".to_owned()]),
        approver: "board-01".to_owned(),
    }
}

fn ballot(phase: Phase, checker: &str, verdicts: [Verdict; 2]) -> Vec<VoteRow> {
    let vote = |(file, verdict): (&str, Verdict)| VoteRow {
        phase: phase.as_str().to_owned(),
        manifest_hash: HASH.to_owned(),
        checker: checker.to_owned(),
        file: file.to_owned(),
        verdict: verdict.as_str().to_owned(),
        comment: "理由".to_owned(),
        at: Timestamp::UNIX_EPOCH,
    };
    ["a.csv", "b.csv"].into_iter().zip(verdicts).map(vote).collect()
}

fn key(holder: &str, hash: &str) -> HandKeyRow {
    HandKeyRow {
        manifest_hash: hash.to_owned(),
        holder: holder.to_owned(),
        role: "release-approver".to_owned(),
        at: Timestamp::UNIX_EPOCH,
    }
}

fn word(by: &str, yes: bool) -> OfficerWord {
    OfficerWord { yes, reason: "理由".to_owned(), by: by.to_owned(), at: Timestamp::UNIX_EPOCH }
}

fn exception(decision: Option<OfficerWord>) -> ExceptionRow {
    ExceptionRow {
        id: 1,
        manifest_hash: HASH.to_owned(),
        file: "a.csv".to_owned(),
        ground: Ground::NearThreshold.as_str().to_owned(),
        reason: "理由".to_owned(),
        asked_by: "checker-01".to_owned(),
        asked_at: Timestamp::UNIX_EPOCH,
        decision,
    }
}

use Verdict::{Approve, Change, Reject};

fn standing(votes: Vec<VoteRow>) -> &'static str {
    built().standing(&OutputRows { votes, ..OutputRows::default() }, 2).as_str()
}

#[test]
fn two_who_agree_decide_and_two_who_differ_vote_again() {
    let yes = [Approve, Approve];
    let no = [Approve, Change];
    let blind = |who: &str, said| ballot(Phase::Blind, who, said);
    let again = |who: &str, said| ballot(Phase::Consolidation, who, said);
    assert_eq!(standing(blind("checker-01", yes)), "blind");
    assert_eq!(standing([blind("checker-01", yes), blind("checker-02", yes)].concat()), "checked");
    assert_eq!(standing([blind("checker-01", no), blind("checker-02", no)].concat()), "returned");
    let differ = [blind("checker-01", yes), blind("checker-02", no)].concat();
    assert_eq!(standing(differ.clone()), "consolidation");
    let one = [differ.clone(), again("checker-01", no)].concat();
    assert_eq!(standing(one.clone()), "consolidation");
    assert_eq!(standing([one.clone(), again("checker-02", no)].concat()), "returned");
    assert_eq!(
        standing([differ.clone(), again("checker-01", yes), again("checker-02", yes)].concat()),
        "checked"
    );
    // A third voice does not replace one of the two.
    assert_eq!(standing([one.clone(), again("checker-03", no)].concat()), "consolidation");

    let votes = [one, again("checker-02", yes)].concat();
    assert_eq!(standing(votes.clone()), "undecided");
    for (by, yes, hash, expect) in [
        ("officer-01", true, HASH, "checked"),
        ("officer-01", false, HASH, "returned"),
        ("officer-01", true, "bb", "undecided"),
        ("checker-01", true, HASH, "undecided"),
        ("release-job", true, HASH, "undecided"),
    ] {
        let decision = Some((hash.to_owned(), word(by, yes)));
        let rows = OutputRows { votes: votes.clone(), decision, ..OutputRows::default() };
        assert_eq!(built().standing(&rows, 2).as_str(), expect, "{by}");
    }
}

#[test]
fn a_vote_of_a_maker_an_approver_or_of_half_the_files_counts_nothing() {
    let good = ballot(Phase::Blind, "checker-01", [Approve, Approve]);
    for other in ["release-job", "board-01"] {
        assert_eq!(
            standing([good.clone(), ballot(Phase::Blind, other, [Approve, Approve])].concat()),
            "blind"
        );
    }
    let second = ballot(Phase::Blind, "checker-02", [Approve, Approve]);
    assert_eq!(standing([good.clone(), second[..1].to_vec()].concat()), "blind");
    let mut old = second.clone();
    old.iter_mut().for_each(|v| v.manifest_hash = "bb".to_owned());
    assert_eq!(standing([good.clone(), old].concat()), "blind");
    // A house may ask for three; never for one.
    let rows = OutputRows { votes: [good, second].concat(), ..OutputRows::default() };
    assert_eq!(built().standing(&rows, 3).as_str(), "blind");
    let one =
        OutputRows { votes: ballot(Phase::Blind, "checker-01", [Approve, Approve]), ..OutputRows::default() };
    assert_eq!(built().standing(&one, 1).as_str(), "blind");
}

#[test]
fn an_exception_waits_for_an_officer_and_the_least_cell_for_nobody() {
    let votes: Vec<VoteRow> = ["checker-01", "checker-02"]
        .iter()
        .flat_map(|c| ballot(Phase::Blind, c, [Approve, Approve]))
        .collect();
    for (decision, expect) in [
        (None, "exceptions"),
        (Some(word("officer-01", true)), "checked"),
        (Some(word("officer-01", false)), "returned"),
    ] {
        let rows = OutputRows {
            votes: votes.clone(),
            exceptions: vec![exception(decision)],
            ..OutputRows::default()
        };
        assert_eq!(built().standing(&rows, 2).as_str(), expect);
    }
    let legal: Vec<&Ground> = Ground::ALL.iter().filter(|g| !g.grantable()).collect();
    assert_eq!(legal, [&Ground::CellMinimum]);
}

#[test]
fn what_goes_with_every_package_is_not_voted_on() {
    let names =
        ["README.txt", "dictionary.csv", "person.csv", "person.parquet", "report.html", "alone.parquet"];
    let voted: Vec<String> = voted_files(names).into_iter().collect();
    assert_eq!(voted, ["alone.parquet", "person.csv", "report.html"]);
}

fn verdict() -> impl Strategy<Value = Verdict> {
    prop_oneof![6 => Just(Approve), 1 => Just(Change), 1 => Just(Reject)]
}

const PEOPLE_THERE: [&str; 7] = [
    "checker-01",
    "checker-02",
    "checker-03",
    "release-job",
    "board-01",
    "officer-01",
    "release-approver-01",
];

fn who() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(&PEOPLE_THERE[..])
}

fn rows() -> impl Strategy<Value = OutputRows> {
    let phase = prop_oneof![3 => Just(Phase::Blind), 1 => Just(Phase::Consolidation)];
    let vote = (phase, who(), verdict(), verdict(), any::<bool>()).prop_map(|(phase, who, a, b, whole)| {
        let mut ballot = ballot(phase, who, [a, b]);
        ballot.truncate(if whole { 2 } else { 1 });
        ballot
    });
    let key = (who(), prop_oneof![4 => Just(HASH), 1 => Just("bb")]).prop_map(|(who, hash)| key(who, hash));
    let decision = proptest::option::of((who(), any::<bool>()));
    (proptest::collection::vec(vote, 0..8), proptest::collection::vec(key, 0..5), decision).prop_map(
        |(votes, keys, decision)| OutputRows {
            votes: votes.concat(),
            exceptions: Vec::new(),
            decision: decision.map(|(by, yes)| (HASH.to_owned(), word(by, yes))),
            keys,
        },
    )
}

/// Conditions, all met.
fn met() -> Vec<Condition> {
    vec![Condition { check: "C-063", ja: "契約", en: "contract", wrong: Vec::new() }]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Whatever stands in the books, and whatever numbers the parameters hold.
    #[test]
    fn nothing_is_handed_over_without_two_checkers_and_two_keys(
        rows in rows(),
        checkers in 0usize..4,
        keys in 0usize..4,
    ) {
        let Standing::Checked(checked) = built().standing(&rows, checkers) else { return Ok(()) };
        let Ok(keyed) = checked.keyed(&rows.keys, keys) else { return Ok(()) };
        let permit = keyed.permit(&met()).unwrap();
        prop_assert!(permit.checkers().len() >= 2 && permit.holders().len() >= 2);
        prop_assert!(permit.checkers().is_disjoint(permit.holders()));
        let makers = BTreeSet::from(["release-job".to_owned()]);
        prop_assert!(permit.checkers().is_disjoint(&makers) && permit.holders().is_disjoint(&makers));
        prop_assert!(!permit.checkers().contains("board-01"));
        for checker in permit.checkers() {
            let of = rows.votes.iter().filter(|v| v.phase == "blind" && v.checker == *checker);
            let files: BTreeSet<&str> = of.map(|v| v.file.as_str()).collect();
            prop_assert_eq!(files.len(), 2);
        }
    }

    /// Before the blind phase is over, nobody may read a vote; afterwards enough whole ballots are there.
    #[test]
    fn votes_open_when_all_have_voted(rows in rows()) {
        let open = built().open(&rows, 2);
        prop_assert_eq!(open, !matches!(built().standing(&rows, 2), Standing::Blind(_)));
    }
}

#[test]
fn the_way_is_walked_to_its_end_and_one_unmet_condition_stops_it() {
    let votes = ["checker-01", "checker-02"]
        .iter()
        .flat_map(|c| ballot(Phase::Blind, c, [Approve, Approve]))
        .collect();
    let rows = OutputRows { votes, ..OutputRows::default() };
    let checked = || match built().standing(&rows, 2) {
        Standing::Checked(checked) => checked,
        other => panic!("{other:?}"),
    };
    let two = [key("officer-01", HASH), key("release-approver-01", HASH)];
    assert_eq!(checked().keyed(&two[..1], 2), Err(1));
    assert_eq!(checked().keyed(&[key("checker-01", HASH), key("checker-02", HASH)], 2), Err(2));
    assert_eq!(checked().keyed(&[key("officer-01", HASH), key("officer-02", "bb")], 2), Err(1));
    let keyed = || checked().keyed(&two, 2).unwrap();
    assert!(keyed().permit(&met()).is_ok());
    assert!(keyed().permit(&[]).is_err());
    let unmet = Condition { wrong: vec!["x".to_owned()], ..met().remove(0) };
    assert_eq!(keyed().permit(std::slice::from_ref(&unmet)).unwrap_err(), [unmet]);
}
