//! 介護給付費請求: one file of claims with its bill (711), one of fees (812), one of plans (821).
//! Sums hold by construction: totals are added up from the lines that are written.

use std::collections::BTreeMap;

use super::{Client, Used, clients, file, quoted, record, sex, ym, ymd};
use crate::SynthError;
use crate::formats::{Job, SynthFile};

/// Yen for a unit, times a hundred.
const PRICE: u64 = 1_000;

/// Rows of one file and their counts.
struct Book<'j> {
    job: &'j Job<'j>,
    kind: &'static str,
    rows: Vec<Vec<String>>,
    totals: BTreeMap<String, u64>,
}

impl<'j> Book<'j> {
    fn new(job: &'j Job<'j>, kind: &'static str) -> Self {
        Self { job, kind, rows: Vec::new(), totals: BTreeMap::new() }
    }

    fn add(&mut self, label: &str, row: Vec<String>) {
        *self.totals.entry(label.to_owned()).or_default() += 1;
        self.rows.push(row);
    }

    fn close(mut self, letter: char) -> Result<SynthFile, SynthError> {
        let month = ym(self.job.business_date);
        let mut text = format!(
            "1,1,0,{},{},0,000000,{},00,1,{month},0\r\n",
            self.rows.len(),
            self.kind,
            self.job.site.id
        );
        let mut number = 1;
        for row in &self.rows {
            number += 1;
            text.push_str(&format!("2,{number},{}\r\n", row.join(",")));
        }
        text.push_str(&format!("3,{}\r\n", number + 1));
        for end in ["control", "end"] {
            self.totals.insert(end.to_owned(), 1);
        }
        let path = format!("care/claim/d{month}{letter}{:03}_{}.csv", self.job.part, self.kind);
        file(path, &text, self.totals)
    }
}

pub(super) fn write(job: &Job<'_>) -> Result<Vec<SynthFile>, SynthError> {
    let clients = clients(job);
    if clients.is_empty() {
        return Ok(Vec::new());
    }
    let mut claims = Book::new(job, "711");
    let mut bill = Bill::default();
    let mut rows = Vec::new();
    for client in &clients {
        rows.extend(claim(job, client, &mut bill));
    }
    claims.add("7111", bill.row(job, &clients));
    for (label, row) in rows {
        claims.add(label, row);
    }
    let (mut fees, mut plans) = (Book::new(job, "812"), Book::new(job, "821"));
    for client in clients.iter().filter(|c| c.admitted.is_none()) {
        fees.add("8124", fee(job, client));
        for row in plan(job, client) {
            plans.add("8222", row);
        }
    }
    let mut files = vec![claims.close('a')?];
    for (book, letter) in [(fees, 'b'), (plans, 'c')] {
        if !book.rows.is_empty() {
            files.push(book.close(letter)?);
        }
    }
    Ok(files)
}

/// What the bill sums up.
#[derive(Default)]
struct Bill {
    units: u64,
    cost: u64,
    claim: u64,
    public: u64,
    burden: u64,
}

impl Bill {
    fn row(&self, job: &Job<'_>, clients: &[Client<'_>]) -> Vec<String> {
        record(
            18,
            &[
                (1, quoted("7111")),
                (2, ym(job.month)),
                (3, quoted(&job.site.id)),
                (4, quoted("1")),
                (5, "0".into()),
                (6, quoted("01")),
                (7, clients.len().to_string()),
                (8, self.units.to_string()),
                (9, self.cost.to_string()),
                (10, self.claim.to_string()),
                (11, self.public.to_string()),
                (12, self.burden.to_string()),
            ],
        )
    }
}

/// Yen of one kind of service.
struct Yen {
    kind: &'static str,
    units: u64,
    cost: u64,
    claim: u64,
    public: u64,
}

fn yen(client: &Client<'_>, used: &[Used]) -> Vec<Yen> {
    let mut kinds: Vec<(&'static str, u64)> = Vec::new();
    for service in used {
        match kinds.iter_mut().find(|(k, _)| *k == service.kind()) {
            Some((_, sum)) => *sum += service.total(),
            None => kinds.push((service.kind(), service.total())),
        }
    }
    let of = |(kind, units): (&'static str, u64)| {
        let cost = units * PRICE / 100;
        let claim = cost * 90 / 100;
        let public = if client.subject.assistance { cost - claim } else { 0 };
        Yen { kind, units, cost, claim, public }
    };
    kinds.into_iter().map(of).collect()
}

/// The first six fields of every record of a claim.
fn head(job: &Job<'_>, client: &Client<'_>, record: &str) -> Vec<(usize, String)> {
    // 7132 is the claim of preventive services, 7154 of a facility.
    let id = match (client.admitted.is_some(), client.care.level.starts_with('1')) {
        (true, _) => "7154",
        (_, true) => "7132",
        _ => "7131",
    };
    vec![
        (1, quoted(id)),
        (2, quoted(record)),
        (3, ym(job.month)),
        (4, quoted(&job.site.id)),
        (5, quoted(&client.care.insurer)),
        (6, quoted(&client.care.number)),
    ]
}

fn claim(job: &Job<'_>, client: &Client<'_>, bill: &mut Bill) -> Vec<(&'static str, Vec<String>)> {
    let yen = yen(client, &client.used);
    let sum = |of: fn(&Yen) -> u64| yen.iter().map(of).sum::<u64>();
    let (units, cost, claim, public) =
        (sum(|y| y.units), sum(|y| y.cost), sum(|y| y.claim), sum(|y| y.public));
    let burden = cost - claim - public;
    bill.units += units;
    bill.cost += cost;
    bill.claim += claim;
    bill.public += public;
    bill.burden += burden;
    let mut basic = head(job, client, "01");
    basic.extend([
        (13, ymd(client.subject.birth)),
        (14, quoted(sex(client.subject))),
        (15, quoted(client.care.level)),
        (17, ymd(client.term.0)),
        (18, ymd(client.term.1)),
        (19, quoted("1")),
        (29, "90".into()),
        (33, units.to_string()),
        (34, claim.to_string()),
        (35, burden.to_string()),
        (36, "0".into()),
        (37, "0".into()),
        (38, "0".into()),
    ]);
    if client.subject.assistance {
        basic.extend([
            (7, quoted(&client.subject.insurer)),
            (8, quoted(&client.subject.insured_number)),
            (30, "100".into()),
            (39, units.to_string()),
            (40, public.to_string()),
            (41, "0".into()),
        ]);
    }
    if let Some(admitted) = client.admitted {
        basic.extend([
            (24, ymd(admitted)),
            (26, job.month.days_in_month().to_string()),
            (27, job.rng(client.subject, 2).below(3).to_string()),
        ]);
    } else if client.subject.number.is_multiple_of(5) {
        basic.push((21, ymd(client.term.0)));
    }
    let mut rows = vec![("01", record(56, &basic))];
    for (n, used) in client.used.iter().enumerate() {
        let mut line = head(job, client, "02");
        line.extend([
            (7, quoted(used.kind())),
            (8, quoted(used.code.get(2..).unwrap_or_default())),
            (9, used.units.to_string()),
            (10, used.times.to_string()),
            (14, used.total().to_string()),
        ]);
        if n == 0 && client.subject.number.is_multiple_of(7) {
            line.push((18, quoted("見本の摘要")));
        }
        rows.push(("02", record(18, &line)));
    }
    for of in &yen {
        let within = if client.admitted.is_some() { 0 } else { of.units };
        let mut total = head(job, client, "10");
        total.extend([
            (7, quoted(of.kind)),
            (8, times(client, of.kind, job).to_string()),
            (9, within.to_string()),
            (10, within.to_string()),
            (11, (of.units - within).to_string()),
            (14, of.units.to_string()),
            (15, PRICE.to_string()),
            (16, of.claim.to_string()),
            (17, (of.cost - of.claim - of.public).to_string()),
        ]);
        if of.public > 0 {
            total.extend([(18, of.units.to_string()), (19, of.public.to_string()), (20, "0".into())]);
        }
        rows.push(("10", record(38, &total)));
    }
    rows
}

/// Days on which a kind of service was used, at most.
fn times(client: &Client<'_>, kind: &str, job: &Job<'_>) -> u64 {
    let days = u64::from(job.month.days_in_month().unsigned_abs());
    let times = client.used.iter().filter(|u| u.kind() == kind).map(|u| u.times).max();
    times.unwrap_or(0).min(days)
}

/// Twelve of the fields are alike in fees and plans: who, and the certificate.
fn certificate(client: &Client<'_>, at: usize) -> Vec<(usize, String)> {
    vec![
        (at, ymd(client.subject.birth)),
        (at + 1, quoted(sex(client.subject))),
        (at + 2, quoted(client.care.level)),
        (at + 3, ymd(client.term.0)),
        (at + 4, ymd(client.term.1)),
    ]
}

fn fee(job: &Job<'_>, client: &Client<'_>) -> Vec<String> {
    let units = if matches!(client.care.level, "21" | "22") { 1_086 } else { 1_411 };
    let mut fields = certificate(client, 10);
    fields.extend([
        (1, quoted("8124")),
        (2, quoted(&job.site.id)),
        (3, quoted("1")),
        (4, ym(job.month)),
        (5, quoted(&client.care.insurer)),
        (6, PRICE.to_string()),
        (7, quoted(&client.care.number)),
        (15, ymd(client.term.0)),
        (16, quoted("432111")),
        (17, units.to_string()),
        (18, (units * PRICE / 100).to_string()),
        (22, quoted("13000001")),
        (24, "1".into()),
        (25, units.to_string()),
        (26, "1".into()),
        (27, units.to_string()),
    ]);
    record(27, &fields)
}

fn plan(job: &Job<'_>, client: &Client<'_>) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let yen = yen(client, &client.used);
    let total: u64 = yen.iter().map(|y| y.units).sum();
    let head = || {
        let mut fields = certificate(client, 10);
        fields.extend([
            (1, quoted("8222")),
            (2, ym(job.month)),
            (3, quoted(&client.care.insurer)),
            (4, quoted(&job.site.id)),
            (5, quoted("1")),
            (6, ymd(job.business_date)),
            (7, quoted("1")),
            (9, quoted(&client.care.number)),
            (15, client.limit.to_string()),
            (16, quoted("1")),
            (25, quoted("13000001")),
        ]);
        fields
    };
    for (n, of) in (1..).zip(&yen) {
        let mut fields = head();
        let n: u32 = n;
        fields.extend([
            (8, quoted(&format!("{n:02}"))),
            (17, quoted(&job.site.id)),
            (18, quoted("1")),
            (19, quoted(of.kind)),
            (20, of.units.to_string()),
            (21, "0".into()),
        ]);
        rows.push(record(27, &fields));
    }
    let mut fields = head();
    fields.extend([(8, quoted("99")), (22, total.to_string()), (24, total.to_string())]);
    rows.push(record(27, &fields));
    rows
}
