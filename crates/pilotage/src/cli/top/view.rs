//! How a look is drawn: in the whole terminal, or as plain text.

use super::look::{History, Look};
use crate::output::{ago, count, duration, job_tone, pilot_tone, utc_time};
use model::{JobState, PilotState};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Cell, Paragraph, Row, Sparkline, Table};
use std::fmt::Write as _;
use wire::api::{JobSummary, PilotSummary, QueueSummary};

use crate::output::Tone;

/// Draws everything.
pub fn draw(frame: &mut Frame, shown: &Result<Look, String>, history: &History) {
    let look = match shown {
        Ok(look) => look,
        Err(trouble) => return frame.render_widget(Paragraph::new(trouble.as_str()), frame.area()),
    };
    let queue_rows = u16::try_from(look.queues.len()).unwrap_or(u16::MAX).min(8) + 2;
    let areas = Layout::vertical([
        Constraint::Length(2),
        Constraint::Length(4),
        Constraint::Length(queue_rows),
        Constraint::Fill(3),
        Constraint::Fill(2),
        Constraint::Length(1),
    ]);
    let [head, rate, queues, jobs, pilots, foot] = areas.areas(frame.area());
    draw_head(frame, head, look);
    draw_rate(frame, rate, history);
    draw_queues(frame, queues, &look.queues);
    draw_jobs(frame, jobs, look);
    draw_pilots(frame, pilots, look);
    let quit = Span::styled(" q quit ", Style::new().add_modifier(Modifier::REVERSED));
    frame.render_widget(Line::from(vec![quit, Span::raw(" times in UTC")]), foot);
}

fn color(tone: Tone) -> Color {
    match tone {
        Tone::Waiting => Color::Gray,
        Tone::Created => Color::Yellow,
        Tone::Running => Color::Blue,
        Tone::Exiting => Color::Magenta,
        Tone::Done => Color::Green,
        Tone::Fault => Color::Red,
    }
}

fn draw_head(frame: &mut Frame, area: Rect, look: &Look) {
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let mut first = vec![Span::styled("pilotage ", bold), Span::raw(format!("{}  {}", look.url, utc_time(look.time)))];
    if let Some(trouble) = &look.trouble {
        first.push(Span::styled(format!("  STALE: {trouble}"), Style::new().fg(Color::Red)));
    }
    let mut second = vec![Span::raw("jobs  ")];
    for (state, number) in look.counts.0.iter().filter(|(_, number)| **number > 0) {
        second.push(Span::styled(format!("{} {state}  ", count(*number)), Style::new().fg(color(job_tone(*state)))));
    }
    if second.len() == 1 {
        second.push(Span::raw("none yet"));
    }
    frame.render_widget(Paragraph::new(vec![Line::from(first), Line::from(second)]), area);
}

fn draw_rate(frame: &mut Frame, area: Rect, history: &History) {
    let now = history.rates.back().copied().unwrap_or(0.0);
    let title = format!(" ended jobs a second: {now:.1} ");
    let width = usize::from(area.width.saturating_sub(2));
    let skipped = history.rates.len().saturating_sub(width);
    // Tenths, so that slow queues show too.
    let bars: Vec<u64> = history.rates.iter().skip(skipped).map(|rate| (rate * 10.0).round() as u64).collect();
    let block = Block::new().borders(Borders::TOP).title(title);
    frame.render_widget(Sparkline::default().block(block).data(bars).style(Style::new().fg(Color::Green)), area);
}

fn draw_queues(frame: &mut Frame, area: Rect, queues: &[QueueSummary]) {
    let heads = ["queue", "site", "status", "waiting", "running", "ended", "pilots", "idle slots"];
    let rows = queues.iter().map(|queue| Row::new(queue_cells(queue)));
    let widths = [Constraint::Fill(2), Constraint::Fill(2), Constraint::Length(9)].into_iter();
    let widths = widths.chain([Constraint::Length(11); 5]);
    frame.render_widget(titled(Table::new(rows, widths), " queues ", &heads), area);
}

fn queue_cells(summary: &QueueSummary) -> [String; 8] {
    let sum = |wanted: fn(JobState) -> bool| {
        let states = JobState::ALL.into_iter().filter(|state| wanted(*state));
        count(states.map(|state| summary.jobs.of(state)).sum())
    };
    let live: u64 = summary.pilots.iter().filter(|(state, _)| !state.is_final()).map(|(_, number)| number).sum();
    [
        summary.queue.name.clone(),
        summary.queue.site.clone(),
        summary.queue.status.to_string(),
        sum(JobState::is_waiting),
        sum(JobState::is_with_pilot),
        sum(JobState::is_final),
        count(live),
        count(summary.idle_slots),
    ]
}

fn draw_jobs(frame: &mut Frame, area: Rect, look: &Look) {
    let heads = ["job", "state", "name", "user", "queue", "site", "pilot", "runs for"];
    let rows = look.at_pilots.iter().map(|job| {
        let style = Style::new().fg(color(job_tone(job.state)));
        let cells = job_cells(job, look).into_iter().enumerate();
        Row::new(cells.map(move |(i, text)| if i == 1 { Cell::new(text).style(style) } else { Cell::new(text) }))
    });
    let widths = [Constraint::Length(10), Constraint::Length(8), Constraint::Fill(3)].into_iter();
    let widths = widths.chain([Constraint::Fill(2); 3]).chain([Constraint::Length(8), Constraint::Length(14)]);
    let held = JobState::ALL.into_iter().filter(|state| state.is_with_pilot()).map(|state| look.counts.of(state)).sum();
    let title = format!(" jobs at pilots: {} ", count(held));
    frame.render_widget(titled(Table::new(rows, widths), &title, &heads), area);
}

fn job_cells(job: &JobSummary, look: &Look) -> [String; 8] {
    [
        job.id.to_string(),
        job.state.to_string(),
        job.name.clone(),
        job.user.clone(),
        job.queue.clone(),
        job.site.clone(),
        job.pilot.map(|pilot| pilot.to_string()).unwrap_or_default(),
        job.started.map(|started| duration(look.time.since(started))).unwrap_or_default(),
    ]
}

fn draw_pilots(frame: &mut Frame, area: Rect, look: &Look) {
    let heads = ["pilot", "label", "state", "batch id", "node", "jobs", "ended", "heard"];
    let rows = look.pilots.iter().map(|pilot| {
        let style = Style::new().fg(color(pilot_tone(pilot.state)));
        let cells = pilot_cells(pilot, look).into_iter().enumerate();
        Row::new(cells.map(move |(i, text)| if i == 2 { Cell::new(text).style(style) } else { Cell::new(text) }))
    });
    let widths = [Constraint::Length(8), Constraint::Fill(2), Constraint::Length(11)].into_iter();
    let widths = widths.chain([Constraint::Fill(2), Constraint::Fill(2)]);
    let widths = widths.chain([Constraint::Length(8), Constraint::Length(8), Constraint::Length(12)]);
    let running = look.pilots.iter().filter(|pilot| pilot.state == PilotState::Running).count();
    let title = format!(" pilots: {running} running, {} on their way or going ", look.pilots.len() - running);
    frame.render_widget(titled(Table::new(rows, widths), &title, &heads), area);
}

fn pilot_cells(pilot: &PilotSummary, look: &Look) -> [String; 8] {
    [
        pilot.id.to_string(),
        pilot.label.clone(),
        pilot.state.to_string(),
        pilot.batch_id.clone(),
        pilot.node.clone(),
        format!("{}/{}", pilot.jobs_now, pilot.slots),
        pilot.jobs_ended.to_string(),
        pilot.last_heard.map(|heard| ago(look.time, heard)).unwrap_or_default(),
    ]
}

fn titled<'a>(table: Table<'a>, title: &str, heads: &[&str]) -> Table<'a> {
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let head = Row::new(heads.iter().map(|head| Cell::new((*head).to_owned()))).style(bold);
    table.header(head).block(Block::new().borders(Borders::TOP).title(title.to_owned()))
}

/// The same for a file or a pipe.
pub fn text(look: &Look) -> String {
    let mut text = format!("{}  {}\n", look.url, utc_time(look.time));
    let said: Vec<String> = look
        .counts
        .0
        .iter()
        .filter(|(_, number)| **number > 0)
        .map(|(state, n)| format!("{} {state}", count(*n)))
        .collect();
    let _ = writeln!(text, "jobs: {}", if said.is_empty() { "none yet".to_owned() } else { said.join(", ") });
    for queue in &look.queues {
        let [name, site, status, waiting, running, ended, pilots, idle] = queue_cells(queue);
        let _ = writeln!(
            text,
            "queue {name} at {site}, {status}: {waiting} waiting, {running} running, {ended} ended, {pilots} pilots, {idle} idle slots"
        );
    }
    for pilot in &look.pilots {
        let [id, label, state, _, node, jobs, ended, heard] = pilot_cells(pilot, look);
        let _ = writeln!(text, "pilot {id} of {label} {state} on {node}: {jobs} jobs, {ended} ended, heard {heard}");
    }
    for job in &look.at_pilots {
        let [id, state, name, user, queue, _, pilot, runs_for] = job_cells(job, look);
        let _ = writeln!(text, "job {id} {name} of {user} in {queue}, pilot {pilot}: {state} {runs_for}");
    }
    text
}
