//! The help desk without a mouse: who asks, who is meant, what a stop would do, the stop, and the paper for the person.

use std::collections::BTreeSet;
use std::fs;

use crate::stage::Stage;

/// Rows of the truth of people who stand in the first night and have a name of their own.
pub fn people(stage: &Stage<'_>) -> Vec<Vec<String>> {
    let table = |name: &str| fs::read_to_string(stage.region.path(name)).unwrap();
    let seen: BTreeSet<String> = table("truth/records.csv")
        .lines()
        .filter(|l| l.starts_with("inbox/night-01"))
        .map(|l| l.rsplit(',').next().unwrap().to_owned())
        .collect();
    let rows: Vec<Vec<String>> = table("truth/persons.csv")
        .lines()
        .skip(1)
        .map(|l| l.split(',').map(str::to_owned).collect())
        .collect();
    let alone = |p: &[String], place: usize| rows.iter().filter(|r| r[place] == p[place]).count() == 1;
    rows.iter().filter(|p| seen.contains(&p[0]) && alone(p, 6) && alone(p, 7)).cloned().collect()
}

/// Registers a stop by keyboard alone and prints its paper.
pub fn stop(stage: &Stage<'_>) {
    let person = people(stage).remove(0);
    let window = stage.come_in("desk-01");
    window.key_press("nav.menu a[href='/desk/person']");
    window.one("main form[action='/desk/person']");
    stage.look(&window, "desk-who-asks");
    // Without having made sure who asks there is no way on.
    window.key_choice("purpose", "opt-out");
    window.key_choice("requester", "self");
    window.key_press("main form[action='/desk/person'] button.main");
    window.one("main [role=alert] a[href='#confirmed']");
    stage.look(&window, "desk-who-asks-wrong");
    window.tab_to("#confirmed");
    window.press(crate::driver::SPACE);
    window.key_press("main form[action='/desk/person'] button.main");
    window.one("main form[action='/desk/person/standing']");
    stage.look(&window, "desk-who-is-meant");
    window.key_in("name_kana", &person[7]);
    window.key_in("name_kanji", &person[6]);
    let birth: Vec<&str> = person[5].split('-').collect();
    window.key_choice("birth_era", "w");
    for (name, part) in ["birth_year", "birth_month", "birth_day"].into_iter().zip(birth) {
        window.key_in(name, part);
    }
    window.key_choice("sex", &person[4]);
    window.key_in("insurer_number", &person[13]);
    window.key_in("symbol", &person[14]);
    window.key_in("number", &person[15]);
    window.key_press("main form[action='/desk/person/standing'] button.main");
    window.one("main form[action='/desk/stop']");
    stage.look(&window, "desk-standing");
    assert!(!window.at().contains('?'), "what was typed stands in the address");
    window.key_press("main form[action='/desk/stop'] button.main");
    window.one("main form[action='/desk/stop/confirm']");
    stage.look(&window, "desk-impact");
    window.key_choice("checked_by", "desk-02");
    window.key_press("main form[action='/desk/stop/confirm'] button.main");
    window.one("main form[action='/desk/stop/register']");
    stage.look(&window, "desk-confirm");
    window.key_press("main form[action='/desk/stop/register'] button.main");
    window.say_yes();
    window.one("main form[action$='/paper']");
    stage.look(&window, "desk-stop");
    assert!(window.at().starts_with("/desk/stops/O-"), "{}", window.at());
    window.key_press("main form[action$='/paper'] button");
    window.one("main button[data-print]");
    stage.look(&window, "desk-paper");
    window.script("window.print = () => { window.printed = true; };");
    window.key_press("main button[data-print]");
    assert_eq!(window.script("return window.printed === true"), true, "the paper is not printed");
}
