//! The index of keys: sorted runs of (key, record), merged as they grow (log-structured).

/// One sorted run.
#[derive(Debug, Clone, Default)]
struct Run {
    keys: Vec<u64>,
    places: Vec<u32>,
}

/// Keys → records that stand for their components.
#[derive(Debug, Clone, Default)]
pub struct Runs {
    runs: Vec<Run>,
}

impl Run {
    /// The first place at or after `from` whose key is not below `key`: galloping, so that ascending questions cost
    /// little, and few questions cost a logarithm.
    fn seek(&self, from: usize, key: u64) -> usize {
        let below = |at: usize| self.keys.get(at).is_some_and(|k| *k < key);
        if !below(from) {
            return from;
        }
        let mut step = 1;
        let mut low = from;
        while below(low + step) {
            low += step;
            step *= 2;
        }
        let mut high = (low + step).min(self.keys.len());
        while low + 1 < high {
            let middle = usize::midpoint(low, high);
            if below(middle) { low = middle } else { high = middle }
        }
        high
    }
}

/// A reader that is asked for ascending keys.
#[derive(Debug)]
pub struct Cursor<'a> {
    runs: &'a Runs,
    at: Vec<usize>,
}

impl Cursor<'_> {
    /// Adds every record under `key` to `out`.
    pub fn look(&mut self, key: u64, out: &mut Vec<u32>) {
        for (run, at) in self.runs.runs.iter().zip(&mut self.at) {
            *at = run.seek(*at, key);
            let mut here = *at;
            while run.keys.get(here) == Some(&key) {
                out.extend(run.places.get(here));
                here += 1;
            }
        }
    }
}

impl Runs {
    /// A reader.
    #[must_use]
    pub fn cursor(&self) -> Cursor<'_> {
        Cursor { runs: self, at: vec![0; self.runs.len()] }
    }

    /// Bytes in memory.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.runs.iter().map(|r| r.keys.capacity() * 8 + r.places.capacity() * 4).sum()
    }

    /// How many postings there are.
    #[must_use]
    pub fn postings(&self) -> usize {
        self.runs.iter().map(|r| r.keys.len()).sum()
    }

    /// Adds a sorted batch. `root` gives what stands for a record's component now: postings of one component under one
    /// key become one. Runs are merged when the newer is at least half the older, which keeps their number logarithmic.
    pub fn push(&mut self, batch: &[(u64, u32)], root: &impl Fn(u32) -> u32) {
        let mut run = Run::default();
        let mut put = Putter { run: &mut run, root };
        for (key, place) in batch {
            put.put(*key, *place);
        }
        run.keys.shrink_to_fit();
        run.places.shrink_to_fit();
        self.runs.push(run);
        while let [.., older, newer] = self.runs.as_slice() {
            if newer.keys.len() * 2 < older.keys.len() {
                break;
            }
            let merged = merge(older, newer, root);
            self.runs.truncate(self.runs.len() - 2);
            self.runs.push(merged);
        }
    }
}

struct Putter<'a, F> {
    run: &'a mut Run,
    root: &'a F,
}

impl<F: Fn(u32) -> u32> Putter<'_, F> {
    fn put(&mut self, key: u64, place: u32) {
        let place = (self.root)(place);
        // the postings of one key stand together: look back over them
        for (k, p) in self.run.keys.iter().zip(&self.run.places).rev() {
            if *k != key {
                break;
            }
            if *p == place {
                return;
            }
        }
        self.run.keys.push(key);
        self.run.places.push(place);
    }
}

fn merge<F: Fn(u32) -> u32>(a: &Run, b: &Run, root: &F) -> Run {
    let mut run = Run {
        keys: Vec::with_capacity(a.keys.len() + b.keys.len()),
        places: Vec::with_capacity(a.keys.len() + b.keys.len()),
    };
    let mut put = Putter { run: &mut run, root };
    let (mut x, mut y) = (a.keys.iter().zip(&a.places).peekable(), b.keys.iter().zip(&b.places).peekable());
    loop {
        let from_a = match (x.peek(), y.peek()) {
            (Some((k, _)), Some((l, _))) => k <= l,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (None, None) => break,
        };
        if let Some((key, place)) = if from_a { x.next() } else { y.next() } {
            put.put(*key, *place);
        }
    }
    run.keys.shrink_to_fit();
    run.places.shrink_to_fit();
    run
}
