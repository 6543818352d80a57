//! A writer of XML: elements opened and closed in order, texts escaped.

/// XML under construction.
pub(super) struct Xml {
    text: String,
    open: Vec<&'static str>,
}

/// Attributes of an element: name and value.
pub(super) type Attrs<'a> = &'a [(&'a str, &'a str)];

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
}

impl Xml {
    /// A document with its root open.
    pub(super) fn new(root: &'static str, namespace: &str) -> Self {
        let mut xml =
            Self { text: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned(), open: Vec::new() };
        let xsi = "http://www.w3.org/2001/XMLSchema-instance";
        xml.open(root, &[("xmlns", namespace), ("xmlns:xsi", xsi)]);
        xml
    }

    fn tag(&mut self, name: &str, attrs: Attrs<'_>) {
        self.text.push('<');
        self.text.push_str(name);
        for (key, value) in attrs {
            self.text.push(' ');
            self.text.push_str(key);
            self.text.push_str("=\"");
            escape(value, &mut self.text);
            self.text.push('"');
        }
    }

    /// Opens an element.
    pub(super) fn open(&mut self, name: &'static str, attrs: Attrs<'_>) {
        self.tag(name, attrs);
        self.text.push_str(">\n");
        self.open.push(name);
    }

    /// Opens elements without attributes, one in another.
    pub(super) fn nest(&mut self, names: &[&'static str]) {
        for name in names {
            self.open(name, &[]);
        }
    }

    /// Closes the last `n` elements.
    pub(super) fn close(&mut self, n: usize) {
        for _ in 0..n {
            if let Some(name) = self.open.pop() {
                self.text.push_str("</");
                self.text.push_str(name);
                self.text.push_str(">\n");
            }
        }
    }

    /// An empty element.
    pub(super) fn empty(&mut self, name: &str, attrs: Attrs<'_>) {
        self.tag(name, attrs);
        self.text.push_str("/>\n");
    }

    /// An element with text.
    pub(super) fn leaf(&mut self, name: &str, attrs: Attrs<'_>, text: &str) {
        self.tag(name, attrs);
        self.text.push('>');
        escape(text, &mut self.text);
        self.text.push_str("</");
        self.text.push_str(name);
        self.text.push_str(">\n");
    }

    /// Text inside the open element.
    pub(super) fn text(&mut self, text: &str) {
        escape(text, &mut self.text);
        self.text.push('\n');
    }

    /// The finished bytes.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.close(self.open.len());
        self.text.into_bytes()
    }
}
