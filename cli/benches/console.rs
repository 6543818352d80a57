//! The console under load: many people at once on a served house, each on the pages of their role, beside a file that costs
//! nothing to serve, in the same run. Prints a table; holds nothing against a time.
//!
//! `cargo bench -p musubi-cli --bench console`. `MUSUBI_BENCH_SESSIONS` (200) people, `MUSUBI_BENCH_SECONDS` (20) a round.

// A bench: what fails here stops it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]
// Shared with the tests, which use more of it.
#![allow(dead_code)]

#[path = "../tests/cli/house.rs"]
mod house;
#[path = "../tests/cli/web.rs"]
mod web;
#[path = "../tests/cli/web_forms.rs"]
mod web_forms;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use house::{House, Region, string, text};
use web::Server;

/// Roles of the people, in turn, with an organisation of the synthetic region.
const ROLES: [(&str, &str); 10] = [
    ("mihon-ishikai-13", "submitter"),
    ("mihon-contractor", "operator"),
    ("mihon-operator", "help-desk"),
    ("mihon-operator", "review-secretary"),
    ("mihon-university", "applicant"),
    ("mihon-committee", "review-member"),
    ("mihon-contractor", "checker"),
    ("mihon-city", "municipality"),
    ("mihon-operator", "officer"),
    ("mihon-operator", "auditor"),
];

/// What costs nothing to serve.
const STATIC: &str = "the stylesheet, without a session";

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(otherwise)
}

/// A connection that stays open, as a browser's does.
struct Wire<'a> {
    address: &'a str,
    cookie: String,
    open: Option<BufReader<TcpStream>>,
}

impl Wire<'_> {
    /// Status and body of a page.
    fn get(&mut self, path: &str) -> Result<(u16, Vec<u8>), String> {
        let told = |e: std::io::Error| e.to_string();
        let mut reader = match self.open.take() {
            Some(reader) => reader,
            None => BufReader::new(TcpStream::connect(self.address).map_err(told)?),
        };
        let mut request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n", self.address);
        if !self.cookie.is_empty() {
            let _infallible = write!(request, "Cookie: {}\r\n", self.cookie);
        }
        request += "\r\n";
        reader.get_mut().write_all(request.as_bytes()).map_err(told)?;
        let (mut status, mut length) = (0, 0);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).map_err(told)? == 0 {
                return Err("closed".into());
            }
            let line = line.trim().to_ascii_lowercase();
            if let Some(rest) = line.strip_prefix("http/1.1 ") {
                status = rest[..3].parse().unwrap();
            } else if let Some(rest) = line.strip_prefix("content-length:") {
                length = rest.trim().parse().unwrap();
            } else if line.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).map_err(told)?;
        self.open = Some(reader);
        Ok((status, body))
    }
}

/// A parameter from today on, by two people.
fn allow(house: &House, name: &str, value: &str) {
    let today = jiff::tz::offset(9).to_datetime(jiff::Timestamp::now()).date().to_string();
    let words = ["--actor", "security-01", "parameter", "propose", name, "--value", value, "--from", &today];
    let proposed = house.json(0, &[&words[..], &["--basis", "試験", "--reason", "試験"]].concat());
    let number = proposed["operation"].to_string();
    house.run(0, &["--actor", "officer-02", "parameter", "approve", &number, "--reason", "試験"]);
}

/// Adds people to a region's organisations: as many of each role.
fn people(house: &House, region: &Region, count: usize) -> Vec<String> {
    let file = region.path("organisation.toml");
    let shipped = fs::read_to_string(&file).unwrap();
    let pattern =
        shipped.split("[[principal]]").find(|p| p.contains("\"desk-01\"")).expect("an account of the region");
    let mut whole = shipped.clone();
    let mut names = Vec::new();
    for n in 0..count {
        let (organisation, role) = ROLES[n % ROLES.len()];
        let name = format!("bench-{n:03}");
        let more = pattern
            .replace("desk-01", &name)
            .replace("\"mihon-operator\"", &format!("\"{organisation}\""))
            .replace("\"help-desk\"", &format!("\"{role}\""));
        let lines: Vec<String> = more
            .lines()
            .map(|line| match line.split_once('=') {
                Some((key, _)) if key.trim() == "staff_number" => format!("staff_number = \"B-{n:03}\""),
                Some((key, _)) if key.trim() == "default" => "default = false".to_owned(),
                _ => line.to_owned(),
            })
            .collect();
        let _infallible = write!(whole, "\n[[principal]]{}\n", lines.join("\n"));
        names.push(name);
    }
    let more = house.beside("organisation.toml");
    fs::write(&more, whole).unwrap();
    // Two people decide about accounts.
    let load = ["--actor", "security-01", "organisation", "load", text(&more)];
    let proposed = house.json(3, &load);
    let number = proposed["proposed"].to_string().replace('"', "");
    house.run(0, &["--actor", "officer-02", "operation", "approve", &number, "--reason", "試験"]);
    house.run(0, &load);
    names
}

/// Does something for each of many, several at a time.
fn each<T: Sync, R: Send>(things: &[T], at_once: usize, work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                while let Some(thing) = things.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let made = work(thing);
                    done.lock().unwrap().push(made);
                }
            });
        }
    });
    done.into_inner().unwrap()
}

/// Logs in: account, password, secret of the second factor. The cookie, and how long it took.
fn login(server: &Server, account: &str, password: &str, code: &str) -> (String, Duration) {
    let began = Instant::now();
    let stranger = server.stranger();
    let second = stranger.post("/login", &[("account", account), ("password", password)]).ok(200).text();
    let pending = web::between(&second, "name=\"pending\" value=\"", "\"");
    let entered = stranger.post("/login/second", &[("pending", &pending), ("code", code)]).ok(303);
    let cookie = entered.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    (cookie, began.elapsed())
}

type Times = BTreeMap<String, Vec<Duration>>;

/// A round: everybody asks for one page after the other, with `pause` between them.
fn round(
    server: &Server,
    cookies: &[String],
    pages: &BTreeMap<&str, Vec<String>>,
    pause: Duration,
    lasts: Duration,
) -> (Times, u64) {
    let (times, failed): (Mutex<Times>, AtomicUsize) = (Mutex::default(), AtomicUsize::new(0));
    let end = Instant::now() + lasts;
    std::thread::scope(|scope| {
        for (n, cookie) in cookies.iter().enumerate() {
            let (times, failed) = (&times, &failed);
            scope.spawn(move || {
                let (_, role) = ROLES[n % ROLES.len()];
                let mut wire = Wire { address: &server.address, cookie: cookie.clone(), open: None };
                let mut own: Times = BTreeMap::new();
                // Not all at the same moment.
                std::thread::sleep(pause.mul_f64(n as f64 / cookies.len() as f64));
                for path in pages[role].iter().cycle().skip(n) {
                    if Instant::now() >= end {
                        break;
                    }
                    let began = Instant::now();
                    match wire.get(path) {
                        Ok((200, _)) => own.entry(path.clone()).or_default().push(began.elapsed()),
                        _ => {
                            failed.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                    std::thread::sleep(pause);
                }
                let mut all = times.lock().unwrap();
                for (path, took) in own {
                    all.entry(path).or_default().extend(took);
                }
            });
        }
        // Beside them, somebody who only wants the stylesheet.
        let times = &times;
        scope.spawn(move || {
            let page = server.stranger().get("/login").text();
            let style = web::between(&page, "rel=\"stylesheet\" href=\"", "\"");
            let mut wire = Wire { address: &server.address, cookie: String::new(), open: None };
            let mut took = Vec::new();
            while Instant::now() < end {
                let began = Instant::now();
                if matches!(wire.get(&style), Ok((200, _))) {
                    took.push(began.elapsed());
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            times.lock().unwrap().insert(STATIC.to_owned(), took);
        });
    });
    (times.into_inner().unwrap(), failed.into_inner() as u64)
}

fn at(sorted: &[Duration], share: f64) -> String {
    let last = sorted.len().saturating_sub(1);
    let index = (sorted.len() as f64 * share) as usize;
    sorted.get(index.min(last)).map_or_else(|| "-".into(), |d| format!("{:.1}", d.as_secs_f64() * 1000.0))
}

fn table(title: &str, times: Times, failed: u64, lasts: Duration) {
    let mut all: Vec<Duration> = Vec::new();
    let mut rows: Vec<(String, Vec<Duration>)> = Vec::new();
    for (path, mut took) in times {
        took.sort();
        if path != STATIC {
            all.extend(&took);
        }
        rows.push((path, took));
    }
    all.sort();
    let a_second = all.len() as f64 / lasts.as_secs_f64();
    println!("\n{title}: {} pages, {a_second:.0} a second, {failed} not answered\n", all.len());
    println!("| page | requests | p50 ms | p99 ms |\n|---|---:|---:|---:|");
    rows.push(("all pages".into(), all));
    rows.sort_by_key(|(path, took)| {
        (path != "all pages", path != STATIC, std::cmp::Reverse(took.get(took.len() * 99 / 100).copied()))
    });
    for (path, took) in rows {
        println!("| {path} | {} | {} | {} |", took.len(), at(&took, 0.5), at(&took, 0.99));
    }
}

fn main() {
    let sessions = number("MUSUBI_BENCH_SESSIONS", 200) as usize;
    let lasts = Duration::from_secs(number("MUSUBI_BENCH_SECONDS", 20));
    let region = Region::get();
    let house = region.house();
    house.run(0, &["nightly", "--inbox", text(&region.path("inbox/night-01"))]);
    house.run(3, &["nightly", "--inbox", text(&region.path("inbox/night-02"))]);
    let names = people(&house, &region, sessions);
    // All of them come from one machine here.
    allow(&house, "console.knocks_a_minute", "1000000");
    allow(&house, "console.visits_a_minute", "1000000");
    let server = Server::start(&house);
    let words: Vec<&str> = ["--actor", "security-01", "account", "issue", "--keep"]
        .into_iter()
        .chain(names.iter().map(String::as_str))
        .collect();
    let issued = house.json(0, &words)["issued"].as_array().unwrap().clone();
    let began = Instant::now();
    let entered = each(&issued, 8, |account| {
        let code = server.code(&string(account, "totp_secret"));
        let name = string(account, "account");
        let (cookie, took) = login(&server, &name, &string(account, "password"), &code);
        (name, cookie, took)
    });
    let mut took: Vec<Duration> = entered.iter().map(|(_, _, took)| *took).collect();
    took.sort();
    println!(
        "{sessions} logins with two factors, 8 at a time: {:.1} s; one takes p50 {} ms, p99 {} ms",
        began.elapsed().as_secs_f64(),
        at(&took, 0.5),
        at(&took, 0.99)
    );
    let mut entered = entered;
    entered.sort();
    let cookies: Vec<String> = entered.into_iter().map(|(_, cookie, _)| cookie).collect();
    // The pages of a role: its menu, and one of each kind behind it.
    let mut pages: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (n, (_, role)) in ROLES.iter().enumerate().take(sessions) {
        let browser = web::Browser { cookie: cookies[n].clone(), ..server.stranger() };
        let reached = web_forms::reach(&browser, 1).into_iter();
        let html = reached.filter(|(_, p)| {
            p.status == 200 && p.header("content-type").is_some_and(|t| t.starts_with("text/html"))
        });
        pages.insert(role, html.map(|(path, _)| path).collect());
    }
    let (times, failed) = round(&server, &cookies, &pages, Duration::from_secs(2), lasts);
    table(&format!("{sessions} people, a page every 2 s each"), times, failed, lasts);
    let (times, failed) = round(&server, &cookies, &pages, Duration::ZERO, lasts);
    table(&format!("{sessions} people, no pause at all"), times, failed, lasts);
}
