//! What is found, by whom, in which order; and what becomes of a folder that was touched.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)] // helpers of tests stop on what cannot be

use std::fs;
use std::path::{Path, PathBuf};

use musubi_model::{CodeSystem, Rule, Severity, SubmissionId};
use musubi_search::{Doc, Index, Kind, Readers, SearchError, Seen, fold};
use proptest::prelude::*;

fn code(system: &str, code: &str, name: &str) -> Doc {
    Doc::code(&CodeSystem::from_name(system), code, name, "")
}

fn made(docs: Vec<Doc>) -> (tempfile::TempDir, Index) {
    let folder = tempfile::tempdir().unwrap();
    let index = Index::rebuild(&folder.path().join("search"), docs).unwrap();
    (folder, index)
}

fn ids(index: &Index, text: &str, seen: &Seen) -> Vec<String> {
    let found = index.find(text, None, seen, 1000).unwrap();
    assert_eq!(found.hits.len(), found.count);
    assert_eq!(found.kinds.iter().map(|(_, n)| n).sum::<usize>(), found.count);
    found.hits.into_iter().map(|h| h.id).collect()
}

fn anybody() -> Seen {
    Seen::default()
}

#[test]
fn a_code_is_found_by_its_number_its_name_and_parts_of_it() {
    let (_folder, index) = made(vec![
        code("RECE-Y", "620000001", "コウケツアツ錠5mg"),
        code("RECE-B", "8830052", "本態性高血圧症"),
        code("RECE-B", "88300521", "別の病名"),
    ]);
    assert_eq!(
        ids(&index, "8830052", &anybody()),
        ["RECE-B:8830052", "RECE-B:88300521"],
        "the exact one first"
    );
    assert_eq!(ids(&index, "高血圧", &anybody()), ["RECE-B:8830052"]);
    assert_eq!(ids(&index, "髙血圧", &anybody()), ["RECE-B:8830052"]);
    assert_eq!(ids(&index, "ｺｳｹﾂｱﾂ 5MG", &anybody()), ["RECE-Y:620000001"]);
    assert_eq!(ids(&index, "こうけつあつ 高", &anybody()), [""; 0], "every word must stand there");
    assert_eq!(ids(&index, "rece-b:8830052", &anybody()), ["RECE-B:8830052", "RECE-B:88300521"]);
    let hits = index.find("高血圧", None, &anybody(), 1).unwrap().hits;
    let marked: Vec<_> = hits[0].title.iter().filter(|p| p.hit).map(|p| p.text.as_str()).collect();
    assert_eq!(marked, ["高血圧"]);
}

#[test]
fn nothing_asked_is_nothing_found() {
    let (_folder, index) = made(vec![code("RECE-B", "1", "名")]);
    for text in ["", " ", "\u{3000}", "\u{200b}", "*", "?", "\"", "名 AND 名 OR", "kind:code"] {
        assert_eq!(ids(&index, text, &anybody()), [""; 0], "{text:?}");
    }
    assert_eq!(index.find("名", None, &anybody(), 0).unwrap().hits, []);
}

#[test]
fn only_readers_find_and_only_readers_are_counted() {
    let docs = vec![
        Doc::application(
            "A-1",
            "心不全の研究",
            "目的",
            Readers::roles(["officer"]).and_organisation(Some("univ")),
        )
        .unwrap(),
        Doc::application(
            "A-2",
            "心不全の薬",
            "目的",
            Readers::roles(["officer"]).and_organisation(Some("pharma")),
        )
        .unwrap(),
        Doc::minutes("M-1", "心不全の審議", "議論", Readers::roles(["review-member", "officer"])).unwrap(),
        code("RECE-B", "1", "心不全"),
    ];
    let (_folder, index) = made(docs);
    let seen = |roles: &[&str], organisation: Option<&str>| Seen {
        roles: roles.iter().map(|r| (*r).to_owned()).collect(),
        organisation: organisation.map(str::to_owned),
    };
    let found = |seen: &Seen| {
        let mut ids = ids(&index, "心不全", seen);
        ids.sort();
        ids
    };
    assert_eq!(found(&seen(&["officer"], None)), ["A-1", "A-2", "M-1", "RECE-B:1"]);
    assert_eq!(found(&seen(&["applicant"], Some("univ"))), ["A-1", "RECE-B:1"]);
    assert_eq!(found(&seen(&["applicant"], Some("pharma"))), ["A-2", "RECE-B:1"]);
    assert_eq!(found(&seen(&["review-member"], Some("committee"))), ["M-1", "RECE-B:1"]);
    assert_eq!(found(&seen(&[], None)), ["RECE-B:1"]);
    let all = index.find("心不全", Some(Kind::Application), &seen(&["officer"], None), 1).unwrap();
    assert_eq!((all.hits.len(), all.count), (1, 2));
    assert_eq!(all.kinds, [(Kind::Application, 2), (Kind::Minutes, 1), (Kind::Code, 1)]);
    // A role or an organisation whose name looks like a mark of another is none.
    assert_eq!(found(&seen(&["*", "officer role:officer"], Some("univ organisation:univ"))), ["RECE-B:1"]);
}

static RULE: Rule = Rule {
    id: "UKE-TEST",
    severity: Severity::Error,
    ja: "試験の規則が破られました。",
    en: "A rule of a test was broken.",
    mend_ja: "直してください。",
    mend_en: "Mend it.",
    example: "",
};

#[test]
fn what_is_replaced_is_gone_from_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("search");
    let finding = |n: u8| Doc::finding(&SubmissionId([n; 16]), &RULE, 3, Readers::everybody());
    let minutes = |text: &str| Doc::minutes("M-1", "会議", text, Readers::everybody()).unwrap();
    let mut index = Index::rebuild(&place, vec![minutes("zqxjkv 古い議事"), finding(7)]).unwrap();
    index.replace(Kind::Minutes, vec![minutes("新しい議事")]).unwrap();
    assert_eq!(ids(&index, "古い", &anybody()), [""; 0]);
    assert_eq!(ids(&index, "新しい", &anybody()), ["M-1"]);
    assert_eq!(index.count(Kind::Finding).unwrap(), 1, "other kinds stay");
    drop(index);
    for file in files(&place) {
        let bytes = fs::read(&file).unwrap();
        for needle in ["zqxjkv", "古い議事", "古い", "zq"] {
            let there = bytes.windows(needle.len()).any(|w| w == needle.as_bytes());
            // Two Latin letters may stand in any file by accident, the text itself may not.
            assert!(!there || needle == "zq", "{needle} is still in {}", file.display());
        }
    }
    let mut index = Index::open(&place).unwrap();
    index.replace(Kind::Finding, vec![]).unwrap();
    assert_eq!(index.count(Kind::Finding).unwrap(), 0);
    assert!(matches!(index.replace(Kind::Code, vec![finding(1)]), Err(SearchError::Kind { .. })));
    assert!(matches!(
        index.replace(Kind::Finding, vec![finding(1), finding(1)]),
        Err(SearchError::Twice(Kind::Finding, _))
    ));
    index.replace(Kind::Finding, vec![finding(1), finding(2)]).unwrap();
    assert_eq!(index.count(Kind::Finding).unwrap(), 2, "a refused replacement leaves no lock and no half");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    all.sort();
    all
}

#[test]
fn a_missing_index_says_to_rebuild() {
    let folder = tempfile::tempdir().unwrap();
    let e = Index::open(&folder.path().join("search")).unwrap_err();
    assert!(
        e.to_string().contains("musubi search rebuild") && e.ja().contains("musubi search rebuild"),
        "{e}"
    );
    fs::create_dir(folder.path().join("search")).unwrap();
    assert!(matches!(Index::open(&folder.path().join("search")), Err(SearchError::Missing)));
}

#[test]
fn a_rebuild_leaves_one_folder_and_the_new_documents() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("search");
    let old = Index::rebuild(&place, vec![code("RECE-B", "1", "古い名")]).unwrap();
    let new = Index::rebuild(&place, vec![code("RECE-B", "1", "新しい名")]).unwrap();
    assert_eq!(ids(&new, "新しい名", &anybody()), ["RECE-B:1"]);
    assert_eq!(ids(&old, "古い名", &anybody()), ["RECE-B:1"], "who was reading goes on reading");
    let names: Vec<String> =
        files(folder.path()).iter().map(|f| f.file_name().unwrap().to_string_lossy().into_owned()).collect();
    assert_eq!(names, ["search", "search.lock"]);
}

/// So few signs that words meet, in all the forms that are one.
fn text(length: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = String> {
    let signs: Vec<char> = "あいがｶﾞッツ高髙橋aAb1 -".chars().collect();
    prop::collection::vec(prop::sample::select(signs), length).prop_map(String::from_iter)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// For words of one to three signs the index finds what looking through every folded text finds, whatever the
    /// order in which documents came; and the order of hits is the same.
    #[test]
    fn it_finds_what_a_plain_search_finds(
        texts in prop::collection::vec((text(0..=8), text(0..=12)), 1..12),
        queries in prop::collection::vec(text(1..=3), 12),
        turn in 0usize..12,
    ) {
        let docs: Vec<Doc> = texts
            .iter()
            .enumerate()
            .map(|(n, (title, text))| Doc::minutes(&format!("#{n}"), title, text, Readers::everybody()).unwrap())
            .collect();
        let mut turned = docs.clone();
        turned.rotate_left(turn % docs.len());
        let ((_a, index), (_b, other)) = (made(docs), made(turned));
        for query in &queries {
            let words: Vec<String> = fold(query).split_whitespace().map(str::to_owned).collect();
            let mut plain: Vec<String> = texts
                .iter()
                .enumerate()
                .filter(|(n, (title, text))| {
                    let (head, body) = (fold(&format!("#{n} {title} ")), fold(text));
                    !words.is_empty() && words.iter().all(|w| head.contains(w) || body.contains(w))
                })
                .map(|(n, _)| format!("#{n}"))
                .collect();
            let found = ids(&index, query, &anybody());
            prop_assert_eq!(&found, &ids(&other, query, &anybody()), "the order of coming counts for {}", query);
            let mut found = found;
            found.sort();
            plain.sort();
            prop_assert_eq!(found, plain, "{}", query);
        }
    }

    /// One changed byte anywhere: the answer is right, or it is an error that says to rebuild.
    #[test]
    fn a_damaged_folder_is_never_believed(at in any::<prop::sample::Index>(), file in any::<prop::sample::Index>(), bit in 0u8..8) {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("search");
        let docs: Vec<Doc> = (0..40).map(|n| code("RECE-B", &n.to_string(), "高血圧症")).collect();
        let whole = ids(&Index::rebuild(&place, docs).unwrap(), "高血圧", &anybody());
        let all: Vec<PathBuf> = files(&place).into_iter().filter(|f| fs::metadata(f).unwrap().len() > 0).collect();
        let file = &all[file.index(all.len())];
        let mut bytes = fs::read(file).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        fs::write(file, bytes).unwrap();
        let answer = Index::open(&place).and_then(|i| i.find("高血圧", None, &anybody(), 1000));
        match answer {
            Ok(found) => prop_assert_eq!(found.hits.into_iter().map(|h| h.id).collect::<Vec<_>>(), whole),
            Err(e) => prop_assert!(e.to_string().contains("musubi search rebuild"), "{}", e),
        }
    }
}
