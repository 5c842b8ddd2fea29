//! Commands on their way: none is lost with an answer, none is offered without end.

use crate::harness::*;
use model::{Command, CommandState, Target, Verb};
use std::time::Duration;
use wire::api::*;

fn cycle() -> CommandRequest {
    CommandRequest { target: Target::Factory("f".into()), verb: Verb::Cycle, arguments: Vec::new(), expires_s: None }
}

/// Far less than the time after which a command is offered again.
const LOST_AFTER: Duration = Duration::from_secs(8);

async fn poll(stage: &Stage, wait_s: u32) -> Vec<Command> {
    stage.factory.factory_commands("f", wait_s).await.unwrap().commands
}

/// Risen demand ends a factory's poll early; a command that is taken in the same moment must be in its answer.
#[tokio::test(flavor = "multi_thread")]
async fn a_command_given_while_the_demand_rises_is_not_lost() {
    let stage = Stage::open().await;
    stage.factory.factory_heartbeat("f", &heartbeat()).await.unwrap();
    let done = CommandOutcome { state: CommandState::Done, note: String::new() };
    let command = cycle();
    for _ in 0..60 {
        let (polled, given, _) =
            tokio::join!(poll(&stage, 5), stage.admin.command(&command), stage.submit(job("more")));
        let until_taken = async {
            let mut taken = polled;
            while taken.is_empty() {
                taken = poll(&stage, 1).await;
            }
            taken
        };
        let taken = tokio::time::timeout(LOST_AFTER, until_taken).await.expect("the command reaches the factory");
        let id = given.unwrap().id;
        assert_eq!(taken[0].id, id);
        stage.factory.command_outcome(id, &done).await.unwrap();
    }
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_whose_answer_was_lost_is_offered_again_until_its_outcome_is_told() {
    let stage = Stage::with(|config| config.heartbeat = Duration::from_millis(200)).await;
    stage.factory.factory_heartbeat("f", &heartbeat()).await.unwrap();
    let given = stage.admin.command(&cycle()).await.unwrap();
    assert_eq!(poll(&stage, 5).await[0].id, given.id);
    let again = poll(&stage, 10).await;
    assert_eq!((again[0].id, again[0].state), (given.id, CommandState::Delivered));
    let done = CommandOutcome { state: CommandState::Done, note: String::new() };
    stage.factory.command_outcome(given.id, &done).await.unwrap();
    assert!(poll(&stage, 1).await.is_empty());
    stage.close().await;
}
