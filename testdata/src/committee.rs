//! A review committee of a synthetic region: seats for its accounts, an application that can be handed in, and a vote.
//!
//! All of it is plainly made up: members are accounts, organisations do not exist.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use jiff::civil::Date;

use crate::SynthError;

/// View, sex, from outside, organisation; of member-01 and so on. The first belongs to the university that applies.
const SEATS: [(&str, &str, bool, &str); 7] = [
    ("natural-science", "female", true, "mihon-university"),
    ("natural-science", "male", false, "見本病院"),
    ("humanities", "male", true, "見本法律事務所"),
    ("public", "female", false, "見本市民の会"),
    ("public", "male", true, "見本患者会"),
    ("natural-science", "female", true, "見本研究所"),
    ("humanities", "female", true, "見本大学院"),
];

/// What the application says.
const FIELDS: &[(&str, &str)] = &[
    ("applicant-class", "public"),
    ("applicant-kind", "research"),
    ("unit", "疫学研究室"),
    ("contact", "疫学研究室 事務"),
    ("team", "見本大学"),
    ("funding", "見本科学財団"),
    ("coi", "申出に関わる利益相反はない。"),
    ("title", "医薬品別の受療者数の地域差"),
    ("purpose-code", "regional-care"),
    ("purpose-class", "medical"),
    ("purpose", "医薬品ごとの受療者数の地域差を明らかにし、適正な使用に役立てる。"),
    ("category", "observational"),
    ("plan", "対象期間に処方のあった人を、地域・性・年齢階級・成分別に数える。"),
    ("value", "地域の医療の質の向上に役立つ。短期の利益を目的としない。"),
    ("groups", "地域や疾患のある人々への不利益は見込まれない。特定の患者を排除しない。"),
    ("ethics-status", "not-required"),
    ("data-class", "statistics"),
    ("cohort", "対象期間に診療を受けた人"),
    ("period", "直近の1年。最新の状況を知るため。"),
    ("persons", "10000"),
    ("region", "全域"),
    ("facility", "none"),
    ("linkage", "no"),
    ("recipients", "見本大学"),
    ("foreign", "no"),
    ("environment", "operator"),
    ("security", "入退室の管理、端末の暗号化、操作の記録"),
    ("risk", "小さなセルは方針により秘匿される。"),
    ("publication", "学会で公表する。公表前に確認を受ける。"),
    ("rights", "成果は見本大学に帰属する。"),
    ("until", "2099-03-31"),
    ("destruction", "2099-03-31"),
    ("price", "規程による"),
];

/// Items of the statistics asked for, with why each is needed.
const ITEMS: [(&str, &str); 5] = [
    ("drug_exposure", "処方を数えるため"),
    ("drug_ingredient", "成分ごとに示すため"),
    ("prefecture", "地域差を示すため"),
    ("sex", "性別で処方が異なるため"),
    ("age_band10", "年齢で処方が異なるため"),
];

/// Writes `committee/`: `members.toml`, `application.toml` (for statistics of the year before `on`) and `vote.toml`.
pub(crate) fn write(out: &Path, on: Date) -> Result<(), SynthError> {
    let folder = out.join("committee");
    fs::create_dir_all(&folder)?;
    let mut members = String::from("# Synthetic: seats of accounts, no persons.\n");
    for (n, (view, sex, outside, organisation)) in (1..).zip(SEATS) {
        let _infallible = write!(
            members,
            "\n[[member]]\nmember = \"member-{n:02}\"\nview = \"{view}\"\nsex = \"{sex}\"\noutside = {outside}\n\
             organisation = \"{organisation}\"\nfrom = \"2020-04-01\"\nuntil = \"2099-03-31\"\n"
        );
    }
    fs::write(folder.join("members.toml"), members)?;
    let from = on.checked_sub(jiff::Span::new().days(400)).unwrap_or(on);
    let mut application = String::from("# Synthetic: no such research exists.\n[fields]\n");
    for (name, value) in FIELDS {
        let _infallible = writeln!(application, "{name} = \"{value}\"");
    }
    let _infallible = write!(
        application,
        "\n[template]\nname = \"s5-drug-recipients\"\nfrom = \"{from}\"\nto = \"{on}\"\n"
    );
    for (item, necessity) in ITEMS {
        let _infallible = write!(application, "\n[[item]]\nitem = \"{item}\"\nnecessity = \"{necessity}\"\n");
    }
    fs::write(folder.join("application.toml"), application)?;
    fs::write(folder.join("vote.toml"), "vote = \"approve\"\nreason = \"目的と項目が釣り合っている\"\n")?;
    Ok(())
}
