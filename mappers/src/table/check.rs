//! What must hold between the cells of a row: the order of dates, sums, values that call for others, age and birth.

use musubi_model::PartialDate;
use rust_decimal::Decimal;

use super::cell::Cells;
use super::map::Teller;
use super::plan::{Check, Interface, When};
use super::rules;

/// How far a BMI may be from weight by height squared: it is rounded, and height and weight are.
const BMI_TOLERANCE: Decimal = Decimal::from_parts(6, 0, 0, false, 1);

/// Runs the checks of an interface over one row.
pub(super) fn run(
    interface: &Interface,
    cells: Cells<'_>,
    birth: Option<PartialDate>,
    tell: &mut Teller<'_>,
) {
    let title = |n: usize| interface.column(n).map_or("", |c| c.title.as_str());
    let holds = |when: &When| when.iter().all(|(n, texts)| cells.at(*n).is_one_of(texts));
    if let (Some(day), Some(birth)) = (interface.day, birth)
        && let Some(on) = cells.at(day).date()
    {
        if is_before(on, birth) {
            tell.tell(&rules::BEFORE_BIRTH, title(day), &format!("{}年", on.year()), "生年月日以後の日");
        } else if let Some([low, high]) = interface.age_months {
            let months = months_between(birth, on);
            if months.is_some_and(|m| !(i32::from(low)..=i32::from(high)).contains(&m)) {
                let found = format!("{}歳", months.unwrap_or(0) / 12);
                tell.tell(&rules::AGE, title(day), &found, &format!("生後{low}～{high}か月"));
            }
        }
    }
    for check in &interface.checks {
        match check {
            Check::Order(columns) => {
                let dates =
                    columns.iter().filter_map(|n| Some((*n, cells.at(*n).date()?))).collect::<Vec<_>>();
                for pair in dates.windows(2) {
                    if let [(first, a), (second, b)] = pair
                        && is_before(*b, *a)
                    {
                        tell.tell(&rules::ORDER, title(*second), "前の日", &format!("{}以後", title(*first)));
                    }
                }
            }
            Check::Sum(parts, is) => {
                let numbers: Option<Vec<Decimal>> = parts.iter().map(|n| cells.at(*n).number()).collect();
                let sum = numbers.map(|n| n.into_iter().fold(Decimal::ZERO, Decimal::saturating_add));
                if let (Some(sum), Some(stated)) = (sum, cells.at(*is).number())
                    && sum != stated
                {
                    let found = format!("合計{} 内訳の和{}", stated.normalize(), sum.normalize());
                    tell.tell(&rules::SUM, title(*is), &short(&found), "内訳の和");
                }
            }
            Check::Below(low, high) => {
                if let (Some(a), Some(b)) = (cells.at(*low).number(), cells.at(*high).number())
                    && a > b
                {
                    tell.tell(&rules::BELOW, title(*low), "大きい値", &format!("{}以下", title(*high)));
                }
            }
            Check::Bmi([height, weight, bmi]) => {
                let numbers =
                    (cells.at(*height).number(), cells.at(*weight).number(), cells.at(*bmi).number());
                if let (Some(height), Some(weight), Some(stated)) = numbers
                    && let Some(is) = body_mass(height, weight)
                    && (is.saturating_sub(stated)).abs() > BMI_TOLERANCE
                {
                    tell.tell(&rules::BMI, title(*bmi), "一致しない値", "体重(kg)÷身長(m)の2乗");
                }
            }
            Check::Filled(column, when) => {
                if cells.at(*column).is_empty() && holds(when) {
                    tell.tell(&rules::VALUE_CALLED_FOR, title(*column), "(空)", &said(when, &title));
                }
            }
            Check::Empty(column, when) => {
                if !cells.at(*column).is_empty() && holds(when) {
                    tell.tell(&rules::VALUE_OUT_OF_PLACE, title(*column), "値あり", &said(when, &title));
                }
            }
        }
    }
}

fn said<'i>(when: &When, title: &impl Fn(usize) -> &'i str) -> String {
    when.iter()
        .map(|(n, texts)| format!("{}が{}", title(*n), texts.join("・")))
        .collect::<Vec<_>>()
        .join("、")
}

fn short(text: &str) -> String {
    text.chars().take(60).collect()
}

/// Weight by height squared; `None` when the height is none.
fn body_mass(height: Decimal, weight: Decimal) -> Option<Decimal> {
    let metres = height.checked_div(Decimal::ONE_HUNDRED)?;
    weight.checked_div(metres.checked_mul(metres)?)
}

/// Is `a` surely before `b`? Parts that are unknown in either decide nothing.
pub(super) fn is_before(a: PartialDate, b: PartialDate) -> bool {
    if a.year() != b.year() {
        return a.year() < b.year();
    }
    let (Some(am), Some(bm)) = (a.month(), b.month()) else { return false };
    if am != bm {
        return am < bm;
    }
    matches!((a.day_of_month(), b.day_of_month()), (Some(ad), Some(bd)) if ad < bd)
}

/// Whole months of age; `None` when a month is not known.
fn months_between(birth: PartialDate, on: PartialDate) -> Option<i32> {
    let months = |d: PartialDate| Some(i32::from(d.year()) * 12 + i32::from(d.month()?));
    let not_full = matches!((birth.day_of_month(), on.day_of_month()), (Some(b), Some(o)) if o < b);
    Some(months(on)? - months(birth)? - i32::from(not_full))
}
