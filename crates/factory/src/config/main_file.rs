//! The main file of a factory: read, typed, checked, with the origin of every value.

use super::tree::{Tree, tables_of};
use super::{Config, ConfigError, Origins, check};
use crate::credential::CredentialSection;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A main file, and where each of its values stands.
#[derive(Clone, Debug)]
pub struct Main {
    /// What it says. The labels of its sources are not in it.
    pub config: Config,
    pub(crate) tree: Tree,
}

impl Main {
    /// Reads and checks a file. Relative paths in it are taken from the file's directory.
    pub fn load(path: &Path) -> Result<Main, ConfigError> {
        Main::of_file(Tree::read(path)?, "")
    }

    /// Checks what a file says, where the factory is called `name` unless the file says otherwise. Relative paths are
    /// taken from the file's directory.
    pub fn of_file(tree: Tree, name: &str) -> Result<Main, ConfigError> {
        let mut main = Main::of_tree(tree, name)?;
        let path = Arc::clone(&main.tree.path);
        anchor(&mut main.config, path.parent().unwrap_or(Path::new("")));
        Ok(main)
    }

    /// Reads and checks text; `path` is only for messages.
    pub fn parse(text: &str, path: &Path, name: &str) -> Result<Main, ConfigError> {
        Main::of_tree(Tree::parse(text, path)?, name)
    }

    fn of_tree(mut tree: Tree, name: &str) -> Result<Main, ConfigError> {
        let path = &Arc::clone(&tree.path);
        check::check_templates(&tables_of(&tree.table, "template"), &tree.origins, path)?;
        tree.apply_templates()?;
        let mut config: Config = tree.typed()?;
        if config.factory.name.is_empty() {
            name.clone_into(&mut config.factory.name);
        }
        check::check(&config, &tree.origins, path)?;
        Ok(Main { config, tree })
    }

    /// Where each value stands.
    pub fn origins(&self) -> &Origins {
        &self.tree.origins
    }

    /// Of a configuration that a program made and checked.
    pub fn made(config: Config) -> Main {
        Main { config, tree: Tree::empty(Path::new("factory.toml")) }
    }
}

fn anchor(config: &mut Config, base: &Path) {
    let anchored = |path: &mut PathBuf| {
        if !path.as_os_str().is_empty() {
            *path = base.join(&*path);
        }
    };
    anchored(&mut config.factory.token_file);
    anchored(&mut config.factory.dir);
    for batch in config.batch.values_mut() {
        anchored(batch.dir_mut());
    }
    for wms in config.wms.values_mut() {
        wms.paths_mut().into_iter().for_each(anchored);
    }
    for monitor in config.monitor.values_mut() {
        anchored(&mut monitor.authorities);
    }
    config.credential.values_mut().flat_map(CredentialSection::paths_mut).for_each(anchored);
    for source in config.source.values_mut() {
        anchored(&mut source.authorities);
        for place in source.from.iter_mut().filter(|place| !place.contains("://")) {
            *place = base.join(&*place).display().to_string();
        }
    }
}
