//! The page for operators, for others, of an empty server and of a large one.

use super::{Admin, AdminView, Retention, SHOWN, Situation, Topology};
use crate::config::Config;
use crate::pages::frame::{Frame, Section};
use crate::pages::samples::{admin as sample, frame};
use askama::Template;
use model::{Role, TokenInfo};
use std::collections::BTreeMap;

fn page(role: Role, sites: &[&str], situation: Situation, after: Option<&str>) -> String {
    let mut frame = Frame { fragment: true, ..frame(Section::None, "Administration", "/admin") };
    let sites = sites.iter().map(|site| (*site).to_owned()).collect();
    frame.identity = frame.identity.map(|who| crate::Identity { role, sites, ..who });
    let view = AdminView { after: after.map(str::to_owned) };
    Admin::new(frame, situation, &view).render().unwrap()
}

#[test]
fn operators_see_everything() {
    let html = page(Role::Operator, &[], sample::situation(), None);
    assert!(!html.contains("<cooling>") && !html.contains("<disk>") && !html.contains("<sam>"));
    insta::assert_snapshot!("admin", html);
}

#[test]
fn others_see_no_token_and_end_no_silence() {
    let seen = || Situation { tokens: None, ..sample::situation() };
    let html = page(Role::User, &[], seen(), None);
    assert!(html.contains("Only operators see who has a token") && !html.contains("<button"), "{html}");
    let ends = |site: &str| page(Role::SiteAdmin, &[site], seen(), None).contains("/admin/silences/2/end");
    assert!(ends("GLASGOW") && !ends("LANCS"), "a site admin ends silences of that site");
}

#[test]
fn an_empty_server_tells_what_to_do_next() {
    let nothing = Situation {
        silences: Vec::new(),
        remarks: Vec::new(),
        tokens: Some(Vec::new()),
        retention: Retention {
            kept: super::kept_by(&Config::in_dir("/nowhere"), &BTreeMap::new()),
            database_bytes: 4096,
            logs: None,
        },
        topology: Topology::default(),
    };
    insta::assert_snapshot!("admin_none", page(Role::Operator, &[], nothing, None));
}

#[test]
fn lists_are_bounded_and_queues_have_pages() {
    let mut many = sample::situation();
    let silence = many.silences[0].clone();
    many.silences = vec![silence; SHOWN + 5];
    let token = many.tokens.take().unwrap().remove(0);
    many.tokens = Some((0..SHOWN as i64 + 7).map(|id| TokenInfo { id, ..token.clone() }).collect());
    let html = page(Role::Operator, &[], many, Some("aachen"));
    assert_eq!(html.matches("aria-label=\"End silence").count(), SHOWN);
    assert_eq!(html.matches("aria-label=\"Revoke token").count(), SHOWN);
    for words in ["and 5 more", "and 7 older ones", "href=\"/admin#queues\"", "href=\"/admin?after=lancs#queues\""] {
        assert!(html.contains(words), "{words} is missing");
    }
}
