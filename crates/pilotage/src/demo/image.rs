//! The image of the demo: the Mandelbrot set near its seahorse valley, rendered in tiles by one job each.

use crate::cli::args::{DemoAssembleArgs, DemoTileArgs};
use crate::output::{BadInput, print};
use anyhow::{Context, ensure};
use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::Path;

/// Tiles in a row.
pub const COLUMNS: u32 = 8;
/// Rows of tiles.
pub const ROWS: u32 = 6;
/// Width and height of one tile in pixels.
const TILE: u32 = 160;
/// Samples per pixel in each direction.
const SAMPLES: u32 = 2;
/// Iterations after which a point counts as inside.
const ITERATIONS_MAX: u32 = 400;
/// Real part of the image's centre.
const CENTRE_RE: f64 = -0.743_643_887_037;
/// Imaginary part of the image's centre.
const CENTRE_IM: f64 = 0.131_825_904_205;
/// Width of the image in the complex plane.
const WIDTH: f64 = 0.0085;
/// Colours through which the outside runs, as the sea does at dusk.
const PALETTE: [[f64; 3]; 6] = [
    [0.02, 0.05, 0.13],
    [0.05, 0.22, 0.42],
    [0.20, 0.55, 0.68],
    [0.96, 0.92, 0.78],
    [0.93, 0.56, 0.22],
    [0.45, 0.12, 0.20],
];

/// Renders one tile into a PNG file.
pub fn tile(args: &DemoTileArgs) -> anyhow::Result<()> {
    if args.tile >= COLUMNS * ROWS {
        return Err(BadInput::new(format!("there is no tile {}; the last is {}", args.tile, COLUMNS * ROWS - 1)).into());
    }
    let (left, top) = (args.tile % COLUMNS * TILE, args.tile / COLUMNS * TILE);
    let mut pixels = Vec::with_capacity((TILE * TILE * 3) as usize);
    for y in top..top + TILE {
        for x in left..left + TILE {
            pixels.extend(pixel(x, y));
        }
    }
    write_png(&args.output, TILE, TILE, &pixels)?;
    print(&format!("tile {} from ({left}, {top}), {TILE} x {TILE} pixels\n", args.tile))
}

/// Puts all tiles together.
pub fn assemble(args: &DemoAssembleArgs) -> anyhow::Result<()> {
    let (width, height) = (COLUMNS * TILE, ROWS * TILE);
    let mut pixels = vec![0; (width * height * 3) as usize];
    for number in 0..COLUMNS * ROWS {
        let tile = read_tile(&args.tiles.join(tile_name(number)))?;
        let (left, top) = ((number % COLUMNS * TILE) as usize, (number / COLUMNS * TILE) as usize);
        for (y, line) in tile.chunks_exact((TILE * 3) as usize).enumerate() {
            let begin = ((top + y) * width as usize + left) * 3;
            pixels[begin..begin + line.len()].copy_from_slice(line);
        }
    }
    write_png(&args.output, width, height, &pixels)?;
    print(&format!("{} tiles, {width} x {height} pixels\n", COLUMNS * ROWS))
}

/// File name of a tile.
pub fn tile_name(number: u32) -> String {
    format!("tile-{number:02}.png")
}

/// Whether the file is the whole image.
pub fn is_whole_image(path: &Path) -> bool {
    let size = || -> anyhow::Result<(u32, u32)> {
        let reader = png::Decoder::new(BufReader::new(File::open(path)?)).read_info()?;
        Ok((reader.info().width, reader.info().height))
    };
    size().is_ok_and(|size| size == (COLUMNS * TILE, ROWS * TILE))
}

fn pixel(x: u32, y: u32) -> [u8; 3] {
    let mut sum = [0.0; 3];
    for sample in 0..SAMPLES * SAMPLES {
        let offset = |i: u32| (f64::from(i) + 0.5) / f64::from(SAMPLES);
        let colour = colour_at(f64::from(x) + offset(sample % SAMPLES), f64::from(y) + offset(sample / SAMPLES));
        for (sum, part) in sum.iter_mut().zip(colour) {
            *sum += part;
        }
    }
    sum.map(|part| (part / f64::from(SAMPLES * SAMPLES)).clamp(0.0, 1.0).sqrt().mul_add(255.0, 0.5) as u8)
}

/// Linear colour of a point, by the smooth number of iterations until it escapes.
fn colour_at(x: f64, y: f64) -> [f64; 3] {
    let scale = WIDTH / f64::from(COLUMNS * TILE);
    let re = CENTRE_RE + (x - f64::from(COLUMNS * TILE) / 2.0) * scale;
    let im = CENTRE_IM + (y - f64::from(ROWS * TILE) / 2.0) * scale;
    let (mut a, mut b) = (0.0f64, 0.0f64);
    for i in 0..ITERATIONS_MAX {
        let (aa, bb) = (a * a, b * b);
        if aa + bb > 256.0 {
            let smooth = f64::from(i) + 1.0 - ((aa + bb).ln() / 2.0).log2();
            return palette_at(smooth.max(1.0).ln() * 3.1);
        }
        b = 2.0 * a * b + im;
        a = aa - bb + re;
    }
    [0.005, 0.008, 0.02]
}

fn palette_at(position: f64) -> [f64; 3] {
    let cell = position.floor();
    let part = position - cell;
    // Smoothstep hides the joints between colours.
    let mix = part * part * (3.0 - 2.0 * part);
    let colour = |i: f64| PALETTE[(i as usize) % PALETTE.len()];
    let (one, two) = (colour(cell), colour(cell + 1.0));
    std::array::from_fn(|i| (one[i] * (1.0 - mix) + two[i] * mix).powi(2))
}

fn read_tile(path: &Path) -> anyhow::Result<Vec<u8>> {
    let shown = path.display();
    let file = File::open(path).with_context(|| format!("read {shown}"))?;
    let mut reader =
        png::Decoder::new(BufReader::new(file)).read_info().with_context(|| format!("understand {shown}"))?;
    let info = reader.info();
    let is_ours = (info.width, info.height, info.color_type) == (TILE, TILE, png::ColorType::Rgb);
    ensure!(is_ours, "use {shown}: it is no tile of {TILE} x {TILE} pixels");
    let mut pixels = vec![0; (TILE * TILE * 3) as usize];
    reader.next_frame(&mut pixels).with_context(|| format!("understand {shown}"))?;
    Ok(pixels)
}

fn write_png(path: &Path, width: u32, height: u32, pixels: &[u8]) -> anyhow::Result<()> {
    let shown = path.display();
    let file = File::create(path).with_context(|| format!("write {shown}"))?;
    let mut encoder = png::Encoder::new(BufWriter::new(file), width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().with_context(|| format!("write {shown}"))?;
    writer.write_image_data(pixels).with_context(|| format!("write {shown}"))?;
    writer.finish().with_context(|| format!("write {shown}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_become_one_image() {
        let dir = tempfile::tempdir().unwrap();
        let grey = vec![120; (TILE * TILE * 3) as usize];
        for number in 0..COLUMNS * ROWS {
            write_png(&dir.path().join(tile_name(number)), TILE, TILE, &grey).unwrap();
        }
        let output = dir.path().join("all.png");
        assemble(&DemoAssembleArgs { output: output.clone(), tiles: dir.path().into() }).unwrap();
        assert!(is_whole_image(&output));
        std::fs::remove_file(dir.path().join(tile_name(3))).unwrap();
        let said = assemble(&DemoAssembleArgs { output, tiles: dir.path().into() }).unwrap_err();
        assert!(format!("{said:#}").contains("tile-03.png: No such file"), "{said:#}");
    }

    #[test]
    fn the_outside_is_coloured_and_the_inside_is_dark() {
        let sums = [(0.0, 0.0), (1279.0, 0.0), (0.0, 400.0)].map(|(x, y)| colour_at(x, y).iter().sum::<f64>());
        assert!(sums.iter().all(|sum| *sum > 0.1), "{sums:?}");
        let inside = [(560.0, 0.0), (480.0, 160.0), (1200.0, 240.0)].map(|(x, y)| colour_at(x, y).iter().sum::<f64>());
        assert!(inside.iter().all(|sum| *sum < 0.05), "{inside:?}");
    }
}
