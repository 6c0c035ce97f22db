//! Reading the sections of a document by their tables of keys.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use miette::Report;

use super::document::{Document, Entry, Node, Origin, Table, Value};
use super::duration::parse_duration;
use super::nearest::{nearest, suggest};
use super::problem::Problem;
use super::quantiles::Quantiles;
use super::schema::{Exclusion, Key, Kind, Need, Schema};

/// What a section says, defaults included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings(BTreeMap<&'static str, Setting>);

/// One value of a section.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Setting {
    Text(String),
    Count(u64),
    Duration(u64),
    File(PathBuf),
    Texts(Vec<String>),
    Flag(bool),
    Tables(Vec<Settings>),
    Range(u64, u64),
}

impl Settings {
    /// A text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name, |setting| if let Setting::Text(text) = setting { Some(text.as_str()) } else { None })
    }

    /// A whole number.
    pub fn count(&self, name: &str) -> Option<u64> {
        self.get(name, |setting| if let Setting::Count(count) = setting { Some(*count) } else { None })
    }

    /// A duration, in nanoseconds.
    pub fn duration(&self, name: &str) -> Option<u64> {
        self.get(name, |setting| if let Setting::Duration(ns) = setting { Some(*ns) } else { None })
    }

    /// A file.
    pub fn file(&self, name: &str) -> Option<&Path> {
        self.get(name, |setting| if let Setting::File(path) = setting { Some(path.as_path()) } else { None })
    }

    /// All files that it names.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.0
            .values()
            .filter_map(|setting| if let Setting::File(path) = setting { Some(path.as_path()) } else { None })
    }

    /// A list of texts.
    pub fn texts(&self, name: &str) -> Option<&[String]> {
        self.get(name, |setting| if let Setting::Texts(texts) = setting { Some(texts.as_slice()) } else { None })
    }

    /// Whether something is so.
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.get(name, |setting| if let Setting::Flag(flag) = setting { Some(*flag) } else { None })
    }

    /// The shortest and the longest of a range, in nanoseconds: equal where one duration was given.
    pub fn range(&self, name: &str) -> Option<(u64, u64)> {
        self.get(name, |setting| if let Setting::Range(min, max) = setting { Some((*min, *max)) } else { None })
    }

    /// Whether it is there, or has a default.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A list of tables; none if it is not there.
    pub fn tables(&self, name: &str) -> &[Settings] {
        self.get(name, |setting| if let Setting::Tables(tables) = setting { Some(tables.as_slice()) } else { None })
            .unwrap_or_default()
    }

    fn get<'a, T>(&'a self, name: &str, of: impl FnOnce(&'a Setting) -> Option<T>) -> Option<T> {
        let setting = self.0.get(name)?;
        let value = of(setting);
        assert!(value.is_some(), "SIMULATOR BUG: `{name}` was asked for as what it is not: {setting:?}");
        value
    }
}

/// A document with the table of keys it is read by.
pub(super) struct Reader<'a> {
    pub document: &'a Document,
    pub schema: Option<&'static Schema>,
}

impl Reader<'_> {
    /// The section of that name; an empty one if it is not there.
    pub fn section(&self, name: &str) -> Result<Table, Report> {
        match self.document.root.get(name) {
            None => Ok(Table::default()),
            Some(Entry { node: Node { value: Value::Table(table), .. }, .. }) => Ok(table.clone()),
            Some(entry) => Err(self.wrong_kind(&entry.node, name, "a table", None)),
        }
    }

    /// Reads the keys of a section, and no others.
    pub fn settings(
        &self,
        section: &str,
        mut table: Table,
        keys: &'static [Key],
        exclusions: &[Exclusion],
    ) -> Result<Settings, Report> {
        self.known(section, &table, keys.iter().map(|key| key.name))?;
        let mut settings = BTreeMap::new();
        let mut excluded: Vec<&str> = Vec::new();
        for exclusion in exclusions {
            if self.excludes(section, &mut table, exclusion)? {
                excluded.extend(exclusion.others);
            }
        }

        for key in keys {
            let path = join(section, key.name);
            let setting = match (table.get(key.name), key.need) {
                (Some(entry), need) => {
                    let setting = self.setting(&entry.node, &path, key)?;
                    // An empty text says no more than none.
                    if matches!((&setting, need), (Setting::Text(text), Need::Required) if text.is_empty()) {
                        let (message, help) = (format!("`{path}` is empty"), format!("give {}", key.about));
                        return Err(self.document.problem(&entry.node.origin, message, String::new(), Some(help)));
                    }
                    setting
                }
                (None, _) if excluded.contains(&key.name) => continue,
                (None, Need::Optional) => continue,
                (None, Need::Default(text)) => default(key, text),
                (None, Need::Required) => return Err(self.missing(section, key, keys, exclusions)),
            };
            settings.insert(key.name, setting);
        }
        Ok(Settings(settings))
    }

    /// Refuses names that are not among `names`.
    pub fn known<'n>(
        &self,
        section: &str,
        table: &Table,
        names: impl Iterator<Item = &'n str> + Clone,
    ) -> Result<(), Report> {
        match table.entries.iter().find(|entry| names.clone().all(|name| name != entry.name)) {
            None => Ok(()),
            Some(entry) => Err(self.unknown_key(section, entry, names)),
        }
    }

    fn unknown_key<'n>(&self, section: &str, entry: &Entry, names: impl Iterator<Item = &'n str> + Clone) -> Report {
        let name = &entry.name;
        let place = if section.is_empty() { String::new() } else { format!(" in [{section}]") };
        let paths = self.schema.map(Schema::paths).unwrap_or_default();
        let help = match &entry.origin {
            Origin::Flag(argument) if argument.flag == "--set" => {
                match nearest(&argument.path, paths.iter().map(String::as_str)) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => suggest(name, names),
                }
            }
            _ => match paths.iter().find(|path| path.rsplit('.').next() == Some(name)) {
                Some(path) if nearest(name, names.clone()).is_none() => {
                    format!("there is `{path}`; {}", suggest(name, names))
                }
                _ => suggest(name, names),
            },
        };
        self.document.problem(&entry.origin, format!("unknown key `{name}`{place}"), String::new(), Some(help))
    }

    /// Whether `one` of an exclusion is there. A flag is stronger than the file: what it excludes is forgotten.
    fn excludes(&self, section: &str, table: &mut Table, exclusion: &Exclusion) -> Result<bool, Report> {
        let Some(one) = table.get(exclusion.one).cloned() else { return Ok(false) };
        let by_flag = |entry: &Entry| matches!(entry.node.origin, Origin::Flag(_));
        if !by_flag(&one) && table.get(exclusion.others[0]).is_some_and(by_flag) {
            table.remove(exclusion.one);
            return Ok(false);
        }
        for other in exclusion.others {
            match table.get(other) {
                None => {}
                Some(entry) if by_flag(&one) && !by_flag(entry) => table.remove(other),
                Some(entry) => {
                    let (one, other) = (join(section, exclusion.one), join(section, other));
                    let message = format!("`{other}` and `{one}` exclude each other");
                    let help = format!("leave out `{one}`, or {}", exclusion.others.join(", "));
                    return Err(self.document.problem(&entry.node.origin, message, String::new(), Some(help)));
                }
            }
        }
        Ok(true)
    }

    fn missing(&self, section: &str, key: &Key, keys: &[Key], exclusions: &[Exclusion]) -> Report {
        let place = match section {
            "" => "at the top of the file, before the first section".to_owned(),
            list if list.contains('.') => format!("in each table of `{list}`"),
            section => format!("in [{section}]"),
        };
        let instead = exclusions
            .iter()
            .find(|exclusion| exclusion.others.contains(&key.name))
            .and_then(|exclusion| keys.iter().find(|key| key.name == exclusion.one))
            .map(|one| format!(", or `{}`: {}", join(section, one.name), one.about))
            .unwrap_or_default();
        Problem::File {
            path: self.document.path.clone(),
            reason: format!("`{}` is missing", join(section, key.name)),
            help: Some(format!("give `{}` {place}: {}{instead}", key.name, key.about)),
        }
        .into()
    }

    fn setting(&self, node: &Node, path: &str, key: &Key) -> Result<Setting, Report> {
        match key.kind {
            Kind::Text => self.text(node, path).map(Setting::Text),
            Kind::Duration { least } => self.duration(node, path, least).map(Setting::Duration),
            Kind::Count { least, most } => self.count(node, path, least, most).map(Setting::Count),
            Kind::File => self.text(node, path).map(|file| Setting::File(self.resolve(node, &file))),
            Kind::Texts => self.texts(node, path).map(Setting::Texts),
            Kind::Flag => match node.value {
                Value::Boolean(flag) => Ok(Setting::Flag(flag)),
                _ => Err(self.wrong_kind(node, path, "true or false", None)),
            },
            Kind::Word(words) => self.word(node, path, words).map(Setting::Text),
            Kind::Tables(keys) => self.tables(node, path, keys).map(Setting::Tables),
            Kind::Range { least } => self.range(node, path, least),
        }
    }

    /// A text. What a flag gives is a text even if it looks like a number.
    pub fn text(&self, node: &Node, path: &str) -> Result<String, Report> {
        match (&node.value, &node.origin) {
            (Value::Text(text), _) => Ok(text.clone()),
            (_, Origin::Flag(argument)) if path == argument.path || path == join("toggles", &argument.path) => {
                Ok(argument.raw.clone())
            }
            _ => Err(self.wrong_kind(node, path, "a text", None)),
        }
    }

    fn count(&self, node: &Node, path: &str, least: u64, most: u64) -> Result<u64, Report> {
        let Value::Integer(number) = node.value else {
            return Err(self.wrong_kind(node, path, "an integer", None));
        };
        u64::try_from(number).ok().filter(|count| (least..=most).contains(count)).ok_or_else(|| {
            let bounds = if most == u64::MAX { format!("at least {least}") } else { format!("{least} to {most}") };
            self.document.problem(&node.origin, format!("`{path}` is out of range"), format!("must be {bounds}"), None)
        })
    }

    fn duration(&self, node: &Node, path: &str, least: u64) -> Result<u64, Report> {
        let help = || Some("a duration is a text with a unit, such as \"1.5ms\" (ns, us, ms, s, m, h)".to_owned());
        let text = self.text(node, path).map_err(|_| self.wrong_kind(node, path, "a duration", help()))?;
        let enough = |ns| if ns < least { Err(format!("must be at least {least}ns")) } else { Ok(ns) };
        parse_duration(&text)
            .and_then(enough)
            .map_err(|why| self.document.problem(&node.origin, format!("`{path}` is not a valid duration"), why, None))
    }

    fn texts(&self, node: &Node, path: &str) -> Result<Vec<String>, Report> {
        let Value::List(nodes) = &node.value else { return Err(self.wrong_kind(node, path, "a list of texts", None)) };
        nodes.iter().map(|node| self.text(node, path)).collect()
    }

    fn range(&self, node: &Node, path: &str, least: u64) -> Result<Setting, Report> {
        let Value::List(nodes) = &node.value else {
            return self.duration(node, path, least).map(|both| Setting::Range(both, both));
        };
        let [min, max] = &nodes[..] else {
            return Err(self.wrong_kind(node, path, "a duration or a list of two, such as [\"30s\", \"60s\"]", None));
        };
        let (min, max) = (self.duration(min, path, least)?, self.duration(max, path, least)?);
        if min > max {
            let help = Some("write the shortest first, such as [\"30s\", \"60s\"]".to_owned());
            return Err(self.document.problem(&node.origin, format!("`{path}` is no range"), String::new(), help));
        }
        Ok(Setting::Range(min, max))
    }

    fn word(&self, node: &Node, path: &str, words: &[&str]) -> Result<String, Report> {
        let word = self.text(node, path)?;
        if words.contains(&word.as_str()) {
            return Ok(word);
        }
        let help = suggest(&word, words.iter().copied());
        Err(self.document.problem(
            &node.origin,
            format!("unknown word `{word}` for `{path}`"),
            String::new(),
            Some(help),
        ))
    }

    fn tables(&self, node: &Node, path: &str, keys: &'static [Key]) -> Result<Vec<Settings>, Report> {
        let Value::List(nodes) = &node.value else { return Err(self.wrong_kind(node, path, "a list of tables", None)) };
        let table = |node: &Node| match &node.value {
            Value::Table(table) => self.settings(path, table.clone(), keys, &[]),
            _ => Err(self.wrong_kind(node, path, "a list of tables", None)),
        };
        nodes.iter().map(table).collect()
    }

    /// A distribution: five quantiles, or one duration that never varies.
    pub fn quantiles(&self, node: &Node, path: &str) -> Result<Quantiles, Report> {
        let Value::Table(table) = &node.value else {
            return self.duration(node, path, 0).map(Quantiles::constant);
        };
        self.known(path, table, Quantiles::NAMES.into_iter())?;
        let mut ns = [0; 5];
        for (place, name) in ns.iter_mut().zip(Quantiles::NAMES) {
            let entry = table.get(name).ok_or_else(|| {
                let help = format!("give all of {}, or one duration for all", Quantiles::NAMES.join(", "));
                let message = format!("`{path}` has no `{name}`");
                self.document.problem(&node.origin, message, String::new(), Some(help))
            })?;
            *place = self.duration(&entry.node, &join(path, name), 0)?;
        }
        Quantiles::from_array(ns).map_err(|n| {
            let (name, before) = (Quantiles::NAMES[n], Quantiles::NAMES[n - 1]);
            let entry = table.get(name).expect("all five were read");
            let message = format!("`{path}.{name}` is below `{before}`");
            let help = format!("quantiles may not decrease: {}", Quantiles::NAMES.join(" <= "));
            self.document.problem(&entry.node.origin, message, String::new(), Some(help))
        })
    }

    fn resolve(&self, node: &Node, file: &str) -> PathBuf {
        match (&node.origin, self.document.path.parent()) {
            (Origin::File(_), Some(directory)) => directory.join(file),
            _ => PathBuf::from(file),
        }
    }

    fn wrong_kind(&self, node: &Node, path: &str, wanted: &str, help: Option<String>) -> Report {
        let message = format!("`{path}` must be {wanted}");
        self.document.problem(&node.origin, message, format!("this is {}", node.value.kind()), help)
    }
}

fn join(section: &str, name: &str) -> String {
    if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") }
}

fn default(key: &Key, text: &str) -> Setting {
    let setting = match key.kind {
        Kind::Text | Kind::Word(_) => Some(Setting::Text(text.to_owned())),
        Kind::Count { .. } => text.parse().ok().map(Setting::Count),
        Kind::Duration { .. } => parse_duration(text).ok().map(Setting::Duration),
        Kind::Range { .. } => parse_duration(text).ok().map(|both| Setting::Range(both, both)),
        Kind::Flag => text.parse().ok().map(Setting::Flag),
        Kind::File | Kind::Texts | Kind::Tables(_) => None,
    };
    setting.unwrap_or_else(|| panic!("SIMULATOR BUG: default {text:?} of `{}` does not fit the table", key.name))
}
