//! Measures the SS-MIX2 mapper on messages made in memory: `cargo run --release --example speed_ssmix2`.
//! Prints megabytes and messages per second of processor time on one core (of wall time where the system does not
//! tell the processor time). The persons are synthetic.

use std::hint::black_box;
use std::io::Write as _;
use std::time::{Duration, Instant};

use musubi_mappers::ssmix2::SsMix2;
use musubi_mappers::{Document, Mapper as _};
use musubi_model::ProviderId;
use musubi_model::code::NoMasters;
use musubi_model::limits::Limits;

const PID: &str = "PID|0001||0000123^^^^PI||見本^太郎^^^^^L^I~ミホン^タロウ^^^^^L^P||19600412|M|||\
^^^^100-0001^JPN^H^東京都千代田区見本町１−２−３||^PRN^PH^^^^^^^^^03-0000-0000";

fn msh(kind: &str) -> String {
    format!("MSH|^~\\&|HIS|SEND|GW|RCV|20240401120000||{kind}|1|P|2.5||||||~ISO IR87||ISO 2022-1994")
}

fn jis(segments: &[String]) -> Vec<u8> {
    segments
        .iter()
        .flat_map(|s| [encoding_rs::ISO_2022_JP.encode(s).0.into_owned(), b"\r".to_vec()].concat())
        .collect()
}

fn laboratory(results: u32) -> Vec<u8> {
    let mut segments = vec![msh("OUL^R22^OUL_R22"), PID.to_owned(), "PV1|0001|O|01^^^^^C".to_owned()];
    segments.push("SPM|1|0001||023^血清^JC10|||||||||||||202404010900".to_owned());
    segments.push("OBR|1|000000000000001|0001|E001^生化学的検査^99O03|||20240401".to_owned());
    segments.push("ORC|SC|000000000000001|0001||CM||||20240401100000||||||||01^内科^99XY1".to_owned());
    for n in 1..=results {
        let value = f64::from(n % 90) / 7.0;
        segments.push(format!(
            "OBX|{n}|NM|3A010000002327101^総蛋白^JC10||{value:.2}|g/dl^g/dl^99XYZ|6.70-8.3|N|||F|||202404010900"
        ));
    }
    jis(&segments)
}

fn prescription(lines: u32) -> Vec<u8> {
    let mut segments = vec![msh("RDE^O11^RDE_O11"), PID.to_owned(), "PV1|0001|O|01^^^^^C".to_owned()];
    for n in 1..=lines {
        segments.push(format!(
            "ORC|NW|000000000000001||{n}|||||20240401103045|058^入力^見本||110^医師^見本|||||01^内科^99XY1"
        ));
        segments.push(
            "RXE||108665201^見本錠（５ｍｇ）^HOT9|1||TAB^錠^MR9P|||||15|TAB^錠^MR9P||||||||3^TAB&錠&MR9P"
                .to_owned(),
        );
        segments.push(
            "TQ1|1||1013044400000000&内服・経口・１日３回朝昼夕食後&JAMISDP01|||5^d|20240401".to_owned(),
        );
        segments.push("RXR|PO^口^HL70162".to_owned());
    }
    jis(&segments)
}

/// Processor time of this process so far, from Linux; elsewhere none.
fn processor_time() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let provider: ProviderId = "speed".parse()?;
    let limits = Limits::default();
    let cases = [
        ("OML-11, 40 results", "OML-11", laboratory(40)),
        ("OML-11, 5 results", "OML-11", laboratory(5)),
        ("OMP-01, 8 drugs", "OMP-01", prescription(8)),
    ];
    let mut out = std::io::stdout().lock();
    for (name, kind, bytes) in &cases {
        let path = format!(
            "000/012/0000123/20240401/{kind}/0000123_20240401_{kind}_000000000000001_20240401120000000_01_1"
        );
        let document = Document { bytes, path: &path, provider: &provider, limits: &limits };
        let split = SsMix2.split(&document);
        let unit = split.units.first().ok_or("no unit")?;
        let (mut rounds, mut facts) = (0u32, 0usize);
        let begin = Instant::now();
        let before = processor_time();
        while begin.elapsed() < Duration::from_secs(2) {
            for _ in 0..100 {
                let split = black_box(SsMix2.split(&document));
                let mapped = black_box(SsMix2.map(&document, &split, unit, &NoMasters));
                facts = mapped.facts.len();
                rounds += 1;
            }
        }
        let used = before.zip(processor_time()).and_then(|(a, b)| b.checked_sub(a));
        let seconds = used.unwrap_or_else(|| begin.elapsed()).as_secs_f64();
        let size = u32::try_from(bytes.len())?;
        let megabytes = f64::from(rounds) * f64::from(size) / 1e6;
        writeln!(
            out,
            "{name}: {size} bytes, {facts} facts; {:.0} MB/s, {:.0} messages/s",
            megabytes / seconds,
            f64::from(rounds) / seconds
        )?;
    }
    Ok(())
}
