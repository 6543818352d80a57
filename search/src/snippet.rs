//! The part of a text in which a word stands, cut into what is the word and what is around it.

use serde::Serialize;

use crate::fold::{Folded, signs};

/// Signs shown before the first word that was found, and in all.
const BEFORE: usize = 20;
const SHOWN: usize = 100;

/// A piece of a snippet (抜粋の一部).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// As it stands in the text.
    pub text: String,
    /// It is what was asked for.
    pub hit: bool,
}

/// The folded places at which one of the words stands.
fn places(folded: &[Folded], words: &[Vec<char>]) -> Vec<bool> {
    let mut hit = vec![false; folded.len()];
    for word in words.iter().filter(|w| !w.is_empty()) {
        for (at, window) in folded.windows(word.len()).enumerate() {
            if window.iter().map(|(c, _)| c).eq(word) {
                hit.iter_mut().skip(at).take(word.len()).for_each(|h| *h = true);
            }
        }
    }
    hit
}

/// A snippet of `text` around the first word in it; its beginning when there is none.
pub(crate) fn snippet(text: &str, words: &[Vec<char>]) -> Vec<Part> {
    let folded = signs(text);
    let hit = places(&folded, words);
    let first = hit.iter().position(|h| *h).unwrap_or(0);
    let from = first.saturating_sub(BEFORE);
    let mut parts: Vec<Part> = Vec::new();
    if from > 0 {
        parts.push(Part { text: "…".to_owned(), hit: false });
    }
    let mut done = folded.get(from).map_or(0, |(_, origin)| origin.start);
    for ((_, origin), hit) in folded.iter().zip(hit).skip(from).take(SHOWN) {
        // A sign may fold to several, which all came from the same bytes; signs that are not seen stand between.
        let piece = text.get(done..origin.end).unwrap_or_default();
        done = done.max(origin.end);
        match parts.last_mut() {
            Some(last) if last.hit == hit || piece.is_empty() => last.text.push_str(piece),
            _ if piece.is_empty() => {}
            _ => parts.push(Part { text: piece.to_owned(), hit }),
        }
    }
    if folded.len() > from + SHOWN {
        parts.push(Part { text: "…".to_owned(), hit: false });
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::words;

    fn marked(text: &str, query: &str) -> String {
        let mark = |p: Part| if p.hit { format!("[{}]", p.text) } else { p.text };
        snippet(text, &words(query)).into_iter().map(mark).collect()
    }

    #[test]
    fn the_word_is_marked_as_it_stands() {
        assert_eq!(marked("本態性ｺｳｹﾂｱﾂ症", "こうけつあつ"), "本態性[ｺｳｹﾂｱﾂ]症");
        assert_eq!(marked("髙血圧と高血圧", "高血圧"), "[髙血圧]と[高血圧]");
        assert_eq!(marked("㍻31年", "平"), "[㍻]31年");
        assert_eq!(marked("何もない", "別"), "何もない");
        assert_eq!(marked("", "別"), "");
    }

    #[test]
    fn a_long_text_is_cut_around_the_word() {
        let text = format!("{}目印{}", "前".repeat(200), "後".repeat(200));
        let said = marked(&text, "目印");
        assert_eq!(said, format!("…{}[目印]{}…", "前".repeat(BEFORE), "後".repeat(SHOWN - BEFORE - 2)));
    }
}
