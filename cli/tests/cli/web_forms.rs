//! What a stranger could read out of a page: its links and its forms, without knowing anything of the console. For tests that
//! go through every page there is, also those that are added later.

use std::collections::BTreeSet;

use crate::web::{Browser, Page, between};

/// A form as it stands on a page.
#[derive(Debug, Clone)]
pub struct Form {
    pub action: String,
    pub post: bool,
    /// It carries files.
    pub files: bool,
    /// Fields with the value they would be sent with; whether a person types into it.
    pub fields: Vec<(String, String, bool)>,
}

/// The value of an attribute within a tag.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let before = format!(" {name}=\"");
    tag.contains(&before).then(|| unescape(&between(tag, &before, "\"")))
}

fn unescape(text: &str) -> String {
    text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// All tags of a kind, with what stands between their brackets.
fn tags<'h>(html: &'h str, kind: &str) -> Vec<(&'h str, &'h str)> {
    html.split(&format!("<{kind}"))
        .skip(1)
        .filter(|rest| rest.starts_with([' ', '>']))
        .filter_map(|rest| rest.split_once('>'))
        .collect()
}

/// The links that lead to pages of this house.
pub fn links(html: &str) -> BTreeSet<String> {
    tags(html, "a")
        .iter()
        .filter_map(|(tag, _)| attribute(tag, "href"))
        .filter(|href| href.starts_with('/') && !href.starts_with("//"))
        .map(|href| href.split('#').next().unwrap_or_default().to_owned())
        .collect()
}

/// The forms of a page.
pub fn forms(html: &str) -> Vec<Form> {
    let whole = tags(html, "form").into_iter();
    whole
        .map(|(tag, rest)| {
            let inside = rest.split("</form>").next().unwrap_or_default();
            let mut fields = Vec::new();
            let mut files = false;
            for (input, _) in tags(inside, "input") {
                let Some(name) = attribute(input, "name") else { continue };
                let kind = attribute(input, "type").unwrap_or_else(|| "text".into());
                let value = attribute(input, "value").unwrap_or_default();
                match kind.as_str() {
                    "file" => files = true,
                    "submit" | "button" => {}
                    "hidden" => fields.push((name, value, false)),
                    "checkbox" | "radio" => {
                        if !fields.iter().any(|(n, _, _)| *n == name) {
                            fields.push((name, value, false));
                        }
                    }
                    _ => fields.push((name, value, true)),
                }
            }
            for (area, _) in tags(inside, "textarea") {
                fields.extend(attribute(area, "name").map(|name| (name, String::new(), true)));
            }
            for (select, options) in tags(inside, "select") {
                let Some(name) = attribute(select, "name") else { continue };
                let options = options.split("</select>").next().unwrap_or_default();
                let chosen = tags(options, "option")
                    .iter()
                    .filter_map(|(o, _)| attribute(o, "value"))
                    .find(|v| !v.is_empty());
                fields.push((name, chosen.unwrap_or_default(), false));
            }
            let post = attribute(tag, "method").is_some_and(|m| m.eq_ignore_ascii_case("post"));
            Form { action: attribute(tag, "action").unwrap_or_default(), post, files, fields }
        })
        .collect()
}

/// The kind of a page: its path without what differs from one thing to the next.
pub fn kind(path: &str) -> String {
    let part = |p: &str| {
        if p.chars().any(|c| c.is_ascii_digit()) || p.len() > 24 { "*".to_owned() } else { p.to_owned() }
    };
    path.split('?').next().unwrap_or_default().split('/').map(part).collect::<Vec<_>>().join("/")
}

/// The folder of a page: things of one kind lie in one, whatever they are called.
fn folder(path: &str) -> &str {
    path.split('?').next().unwrap_or_default().rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Every page in the menu, and what somebody reaches from there by links: up to `each` of one kind, and a few of a folder.
pub fn reach(browser: &Browser, each: usize) -> Vec<(String, Page)> {
    let mut waiting = vec!["/".to_owned()];
    let mut known: BTreeSet<String> = waiting.iter().cloned().collect();
    let mut kinds: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
    let mut out = Vec::new();
    while let Some(path) = waiting.pop() {
        let page = browser.get(&path);
        for link in links(&page.text()) {
            let further = path != "/";
            let (same, beside) = (kind(&link), format!("{}/", folder(&link)));
            let seen = |of: &str| kinds.get(of).copied().unwrap_or_default();
            let enough = seen(&same) >= each || further && seen(&beside) >= 4 * each;
            if !enough && known.insert(link.clone()) {
                *kinds.entry(same).or_default() += 1;
                *kinds.entry(beside).or_default() += usize::from(further);
                waiting.push(link);
            }
        }
        out.push((path, page));
    }
    out
}
