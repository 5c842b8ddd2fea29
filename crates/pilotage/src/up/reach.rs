//! Whether pilots can reach the server where they run.

use batch::BatchConfig;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// What to say when pilots run on other machines, while the server tells them an address of this one only.
pub fn trouble(url: &str, end_points: &BTreeMap<String, BatchConfig>) -> Option<String> {
    let elsewhere = end_points.iter().filter(|(_, end_point)| !end_point.is_here());
    let names: Vec<&str> = elsewhere.map(|(name, _)| name.as_str()).collect();
    of_names(url, &names)
}

/// The same for the names of end points that are not on this machine.
pub fn of_names(url: &str, names: &[&str]) -> Option<String> {
    (is_loopback(url) && !names.is_empty()).then(|| {
        format!(
            "pilots of {} cannot reach {url} from other machines: use --listen ADDRESS:PORT, or `public_url` of the server",
            names.join(", ")
        )
    })
}

/// Whether the host of a URL is this machine for everybody.
fn is_loopback(url: &str) -> bool {
    let Ok(uri) = url.parse::<http::Uri>() else { return false };
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pilots_elsewhere_and_an_address_of_this_machine_are_trouble() {
        for url in ["http://127.0.0.1:25080", "http://[::1]:25080", "https://localhost"] {
            let said = of_names(url, &["cluster"]).unwrap();
            assert!(said.starts_with(&format!("pilots of cluster cannot reach {url} from other machines")), "{said}");
            assert_eq!(of_names(url, &[]), None);
        }
        for url in ["https://node.example:25443", "http://10.0.0.7:25080", "http://[2001:db8::1]:1"] {
            assert_eq!(of_names(url, &["cluster"]), None);
        }
    }
}
