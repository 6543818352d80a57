//! What all visits share: the house, how much may be carried, how often somebody may knock, who waits for whom, and words for
//! the next page. It must never remember a session's secret.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Semaphore;

use super::house::House;
use super::reply::Problem;

/// How the site is served and what it bears. All of it comes from parameters (`console.*`).
#[derive(Debug, Clone)]
pub struct Limits {
    /// A form without files, bytes.
    pub form_bytes: u64,
    /// A form with papers, bytes.
    pub paper_bytes: u64,
    /// A package, bytes.
    pub package_bytes: u64,
    /// A request has to have come whole within this time, packages apart.
    pub body_time: Duration,
    /// A package has to have come whole within this time.
    pub package_time: Duration,
    /// Requests a minute from one address without a session.
    pub knocks_a_minute: u64,
    /// Requests a minute of one session.
    pub visits_a_minute: u64,
    /// Handlers that run at the same time.
    pub at_once: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            form_bytes: 256 << 10,
            paper_bytes: 16 << 20,
            package_bytes: 4 << 30,
            body_time: Duration::from_secs(20),
            package_time: Duration::from_secs(3600),
            knocks_a_minute: 120,
            visits_a_minute: 600,
            at_once: 8,
        }
    }
}

/// Who knocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Knocker {
    /// Whoever shares an address: a stranger, or a session that nobody has recognised yet.
    Address(IpAddr),
    /// A session that was recognised, by a hash of its secret.
    Session([u8; 32]),
}

/// One network of IPv6 counts as one address: who has one address there has them all.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() >> 64 << 64).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

impl Knocker {
    fn with(session: &str) -> Self {
        Self::Session(*blake3::hash(session.as_bytes()).as_bytes())
    }
}

/// A bucket of permissions that fills up by the minute.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: f64,
    at: Timestamp,
}

/// How many buckets are remembered; when full, full buckets are forgotten first.
const BUCKETS: usize = 20_000;

/// The site.
pub struct Site {
    house: Arc<dyn House>,
    /// Limits.
    pub limits: Limits,
    /// Served over TLS.
    pub secure: bool,
    flashes: Mutex<HashMap<String, String>>,
    buckets: Mutex<HashMap<Knocker, Bucket>>,
    gate: Semaphore,
    strangers: Semaphore,
    pub(crate) counts: Counts,
}

/// Counts for the metrics page; no name, no address.
#[derive(Debug, Default)]
pub struct Counts {
    /// Answers by class of status: 2xx, 3xx, 4xx, 5xx.
    pub answers: [std::sync::atomic::AtomicU64; 4],
    /// Refusals by rate.
    pub too_many: std::sync::atomic::AtomicU64,
    /// Refusals by their code.
    pub refused: Mutex<BTreeMap<&'static str, u64>>,
}

impl Counts {
    /// One more refusal.
    pub fn refuse(&self, code: &'static str) {
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner).entry(code).or_default() += 1;
    }
}

impl std::fmt::Debug for Site {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Site").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Site {
    /// A site over a house.
    #[must_use]
    pub fn new(house: Arc<dyn House>, limits: Limits, secure: bool) -> Self {
        let gate = Semaphore::new(limits.at_once);
        // Hashing a password takes long; strangers who make it happen never take all places.
        let strangers = Semaphore::new((limits.at_once / 4).max(1));
        Self {
            house,
            limits,
            secure,
            flashes: Mutex::default(),
            buckets: Mutex::default(),
            gate,
            strangers,
            counts: Counts::default(),
        }
    }

    /// The house.
    #[must_use]
    pub fn house(&self) -> &dyn House {
        self.house.as_ref()
    }

    /// The name of the session cookie. With TLS the browser guards it by its prefix.
    #[must_use]
    pub fn cookie_name(&self) -> &'static str {
        if self.secure { "__Host-musubi" } else { "musubi" }
    }

    /// The cookie that carries a session; an empty secret takes it away.
    #[must_use]
    pub fn cookie(&self, secret: &str) -> String {
        let secure = if self.secure { "; Secure" } else { "" };
        let ends = if secret.is_empty() { "; Max-Age=0" } else { "" };
        format!("{}={secret}; Path=/; HttpOnly; SameSite=Strict{secure}{ends}", self.cookie_name())
    }

    /// The secret in a cookie header.
    #[must_use]
    pub fn secret_in(&self, header: &str) -> Option<String> {
        let mut parts = header.split(';').filter_map(|part| part.trim().split_once('='));
        parts
            .find(|(name, value)| *name == self.cookie_name() && !value.is_empty())
            .map(|(_, v)| v.to_owned())
    }

    /// Words for the next page of a session.
    pub fn leave_flash(&self, session: &str, words: String) {
        let mut all = self.flashes.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() > BUCKETS {
            all.clear();
        }
        all.insert(session.to_owned(), words);
    }

    /// The words left for a session; they are shown once.
    pub fn take_flash(&self, session: &str) -> Option<String> {
        self.flashes.lock().unwrap_or_else(PoisonError::into_inner).remove(session)
    }

    /// Lets a request through, or says how long to wait. A session has a measure of its own once it was recognised
    /// ([`Site::recognise`]); until then it is one of those who share its address.
    ///
    /// # Errors
    /// [`Problem::TooMany`].
    pub fn knock(&self, address: IpAddr, session: Option<&str>) -> Result<(), Problem> {
        let now = self.house.now();
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let own = session.map(Knocker::with).filter(|own| buckets.contains_key(own));
        let (key, a_minute) = match own {
            Some(own) => (own, self.limits.visits_a_minute),
            None => (Knocker::Address(network(address)), self.limits.knocks_a_minute),
        };
        #[allow(clippy::cast_precision_loss)] // some hundreds
        let full = a_minute as f64;
        if buckets.len() >= BUCKETS {
            buckets.retain(|_, b| now.duration_since(b.at).as_secs() < 60);
        }
        if buckets.len() >= BUCKETS {
            // More addresses in a minute than can be remembered: those who are logged in are remembered rather.
            buckets.retain(|k, _| matches!(k, Knocker::Session(_)));
        }
        let bucket = buckets.entry(key).or_insert(Bucket { left: full, at: now });
        let passed = now.duration_since(bucket.at).as_secs_f64().max(0.0);
        bucket.left = (bucket.left + passed * full / 60.0).min(full);
        bucket.at = now;
        if bucket.left < 1.0 {
            self.counts.too_many.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // between 0 and 60
            return Err(Problem::TooMany(((1.0 - bucket.left) * 60.0 / full.max(1.0)).ceil() as u64));
        }
        bucket.left -= 1.0;
        Ok(())
    }

    /// A session turned out to be one: from now on it has a measure of its own.
    pub fn recognise(&self, session: &str) {
        #[allow(clippy::cast_precision_loss)] // some hundreds
        let full = self.limits.visits_a_minute as f64;
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        buckets.entry(Knocker::with(session)).or_insert(Bucket { left: full, at: self.house.now() });
    }

    /// A session is none (any more).
    pub fn forget(&self, session: &str) {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner).remove(&Knocker::with(session));
    }
}

/// Work of a request that blocks, in its turn: never more at once than the house has places (and connections) for.
///
/// # Errors
/// [`Problem::Broken`] when the work panicked or the site closes; a request's panic ends that request only.
pub(crate) async fn in_turn<T: Send + 'static>(
    site: &Arc<Site>,
    stranger: bool,
    work: impl FnOnce(&Site) -> T + Send + 'static,
) -> Result<T, Problem> {
    let closing = |_| Problem::Broken("closing".into());
    let _apart = match stranger {
        true => Some(site.strangers.acquire().await.map_err(closing)?),
        false => None,
    };
    let _place = site.gate.acquire().await.map_err(closing)?;
    let inside = Arc::clone(site);
    let done = tokio::task::spawn_blocking(move || work(&inside)).await;
    done.map_err(|_| Problem::Broken("a request panicked".into()))
}
