//! XML, written piece by piece.

/// A document that grows.
#[derive(Debug, Default)]
pub(super) struct Xml {
    pub(super) out: String,
    open: Vec<&'static str>,
}

impl Xml {
    /// Begins an element.
    pub(super) fn open(&mut self, name: &'static str, attributes: &[(&str, &str)]) {
        self.tag(name, attributes, "");
        self.open.push(name);
    }

    /// Ends the last element that is open.
    pub(super) fn close(&mut self) {
        if let Some(name) = self.open.pop() {
            self.out.push_str("</");
            self.out.push_str(name);
            self.out.push('>');
        }
    }

    /// An element with nothing in it.
    pub(super) fn leaf(&mut self, name: &'static str, attributes: &[(&str, &str)]) {
        self.tag(name, attributes, "/");
    }

    /// An element with words in it.
    pub(super) fn text(&mut self, name: &'static str, attributes: &[(&str, &str)], words: &str) {
        self.open(name, attributes);
        escape(words, &mut self.out);
        self.close();
    }

    fn tag(&mut self, name: &str, attributes: &[(&str, &str)], end: &str) {
        self.out.push('<');
        self.out.push_str(name);
        for (attribute, value) in attributes {
            self.out.push(' ');
            self.out.push_str(attribute);
            self.out.push_str("=\"");
            escape(value, &mut self.out);
            self.out.push('"');
        }
        self.out.push_str(end);
        self.out.push('>');
    }
}

/// Appends words as they stand in text and in attributes.
pub(super) fn escape(words: &str, out: &mut String) {
    for character in words.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            '\t' => out.push_str("&#9;"),
            // XML has no place for the other control characters.
            control if control.is_control() => out.push(' '),
            other => out.push(other),
        }
    }
}
