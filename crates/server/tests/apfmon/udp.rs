//! Datagrams.

use crate::stage::{DEADLINE, Stage};
use model::PilotState;
use std::net::SocketAddr;
use tokio::net::UdpSocket;

#[tokio::test(flavor = "multi_thread")]
async fn datagrams_move_pilots_as_calls_do() {
    let stage = Stage::with(|apfmon| apfmon.udp = Some(SocketAddr::from(([127, 0, 0, 1], 0))), |_| {}).await;
    let mut bound = stage.running.state().datagrams.subscribe();
    let address = tokio::time::timeout(DEADLINE, bound.wait_for(Option::is_some)).await.unwrap().unwrap().unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    stage.put("/api/jobs", r#"[{"cid": "1.0", "factory": "fab", "label": "l"}]"#).await;
    for text in [
        "20250301a  fab:1.0   running  0  Q_X  ce.example h 7 unknown",
        "running 0 20240101a Q_X HARVESTER:4711",
        "wrapperexiting 20 20240101a Q_X fab:2.0 gtag",
        "nonsense",
    ] {
        socket.send_to(text.as_bytes(), address).await.unwrap();
    }
    stage.until("1.0", PilotState::Running).await;
    stage.until("2.0", PilotState::Exiting).await;
    assert_eq!(stage.pilots().await.len(), 2, "the id of a worker is no pilot's");
    let pilot = stage.pilots().await.remove(0);
    let told = stage.running.state().store.told_of(pilot.id).await.unwrap();
    let last = told.last().unwrap();
    assert_eq!((last.source, last.address.as_str()), (model::pilot::Source::Udp, "127.0.0.1"));
    stage.close().await;
}
