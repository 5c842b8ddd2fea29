//! The tabs above the pages about what goes wrong.

/// One tab.
pub struct Tab {
    /// In words.
    pub name: &'static str,
    /// The page.
    pub href: &'static str,
    /// It is the one that is shown.
    pub current: bool,
}

/// All tabs, with this page as the present one.
pub fn tabs(current: &str) -> Vec<Tab> {
    let pages = [("Errors", "/errors"), ("Nodes", "/nodes"), ("Efficiency", "/efficiency")];
    pages.into_iter().map(|(name, href)| Tab { name, href, current: href == current }).collect()
}
