//! The picture in the README: the overview of the filled world.

use crate::browser::run;
use crate::world::World;

#[tokio::test]
#[ignore = "writes docs/screenshots/overview.png; run it when the pages have changed"]
async fn overview_for_the_readme() {
    let (world, _pilot) = World::filled().await;
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/screenshots/overview.png");
    run(&world, &["screenshot", path]).await.unwrap();
    world.server.shutdown().await;
}
