//! Well-known text of either generation as a tree of words: brackets, quotes and commas, nothing of what they mean.

/// Longest text that is looked at, bytes: the largest of EPSG's definitions has a tenth of it.
const MAX_BYTES: usize = 64 * 1024;
/// Deepest nesting; real ones have ten.
const MAX_DEPTH: usize = 32;

/// `KEYWORD[arguments]`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Node {
    /// In capital letters.
    pub(super) keyword: String,
    pub(super) args: Vec<Arg>,
}

/// What stands between brackets.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Arg {
    /// In quotes.
    Text(String),
    /// Without: a number or a word.
    Word(String),
    Node(Node),
}

impl Node {
    /// Reads a whole text; none for what is no well-known text.
    pub(super) fn read(text: &str) -> Option<Self> {
        let text = text.trim_start_matches('\u{feff}').trim();
        if text.len() > MAX_BYTES {
            return None;
        }
        let mut rest = text;
        let node = read_node(&mut rest, 0)?;
        rest.trim().is_empty().then_some(node)
    }

    /// The first text in quotes: the name.
    pub(super) fn name(&self) -> &str {
        self.args
            .iter()
            .find_map(|arg| if let Arg::Text(text) = arg { Some(text.as_str()) } else { None })
            .unwrap_or("")
    }

    pub(super) fn nodes(&self) -> impl Iterator<Item = &Self> {
        self.args.iter().filter_map(|arg| if let Arg::Node(node) = arg { Some(node) } else { None })
    }

    /// The first child with one of these keywords.
    pub(super) fn child(&self, keywords: &[&str]) -> Option<&Self> {
        self.nodes().find(|node| keywords.contains(&node.keyword.as_str()))
    }

    /// The arguments that are numbers, quoted or not.
    pub(super) fn numbers(&self) -> Vec<f64> {
        let number = |arg: &Arg| match arg {
            Arg::Word(word) | Arg::Text(word) => word.trim().parse().ok().filter(|number: &f64| number.is_finite()),
            Arg::Node(_) => None,
        };
        self.args.iter().filter_map(number).collect()
    }

    /// The arguments that are texts or words.
    pub(super) fn texts(&self) -> Vec<&str> {
        self.args
            .iter()
            .filter_map(|arg| match arg {
                Arg::Text(text) | Arg::Word(text) => Some(text.as_str()),
                Arg::Node(_) => None,
            })
            .collect()
    }
}

fn read_node(rest: &mut &str, depth: usize) -> Option<Node> {
    let end = rest.find(['[', '(', ',', ']', ')', '"'])?;
    let keyword = rest[..end].trim().to_ascii_uppercase();
    let is_keyword = !keyword.is_empty() && keyword.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !is_keyword || depth > MAX_DEPTH {
        return None;
    }
    *rest = rest[end..].strip_prefix(['[', '('])?;
    let mut node = Node { keyword, args: Vec::new() };
    loop {
        *rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix([']', ')']) {
            *rest = after;
            return Some(node);
        }
        node.args.push(read_arg(rest, depth)?);
        *rest = rest.trim_start();
        match rest.chars().next()? {
            ',' => *rest = &rest[1..],
            ']' | ')' => {}
            _ => return None,
        }
    }
}

fn read_arg(rest: &mut &str, depth: usize) -> Option<Arg> {
    if let Some(quoted) = rest.strip_prefix('"') {
        return read_quoted(quoted, rest);
    }
    let end = rest.find(['[', '(', ',', ']', ')', '"'])?;
    if rest[end..].starts_with(['[', '(']) {
        return read_node(rest, depth + 1).map(Arg::Node);
    }
    let word = rest[..end].trim().to_owned();
    *rest = &rest[end..];
    Some(Arg::Word(word))
}

/// A text to its closing quote; two quotes are one of the text.
fn read_quoted<'a>(quoted: &'a str, rest: &mut &'a str) -> Option<Arg> {
    let mut text = String::new();
    let mut left = quoted;
    loop {
        let end = left.find('"')?;
        text.push_str(&left[..end]);
        left = &left[end + 1..];
        let Some(after) = left.strip_prefix('"') else { break };
        text.push('"');
        left = after;
    }
    *rest = left;
    Some(Arg::Text(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_numbers_and_words_are_told_apart() {
        let node = Node::read(r#" ProjCRS["say ""hi""", BASEGEOGCRS ("y"), CS[Cartesian,2], ID["EPSG",4548]] "#);
        let node = node.expect("well-known text");
        assert_eq!((node.keyword.as_str(), node.name()), ("PROJCRS", "say \"hi\""));
        assert_eq!(node.child(&["BASEGEOGCRS"]).map(Node::name), Some("y"));
        assert_eq!(node.child(&["ID"]).map(Node::numbers), Some(vec![4548.0]));
        assert_eq!(node.child(&["CS"]).map(Node::texts), Some(vec!["Cartesian", "2"]));
    }

    #[test]
    fn what_is_cut_off_or_too_deep_is_none() {
        let deep = format!("{}1{}", "A[".repeat(10_000), "]".repeat(10_000));
        for text in ["", "GEOGCS", "GEOGCS[", r#"GEOGCS["x"#, r#"GEOGCS["x"]]"#, r#"GEOGCS["x" "y"]"#, "[1]", &deep] {
            assert_eq!(Node::read(text), None, "{}", &text[..text.len().min(40)]);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "([A-Z]{0,3}[\\[\\](),\" 0-9.é中]{0,4}){0,12}") {
            let _ = Node::read(&text);
        }
    }
}
