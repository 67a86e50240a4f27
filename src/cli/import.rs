//! The verb `import`: takes files in, says what would come of it, or holds a file against a layer.

use super::city::{find_kind, unexpected};
use super::console::Reply;
use super::exchange_args::ImportArgs;
use super::import_words::{compared, imported, tried};
use super::words::WhichCrs;
use super::{Run, usage};
use crate::geom::crs::Crs;
use crate::geom::own;
use crate::session::Trial;
use crate::session::answer::{Answer, Failure, FailureKind};
use crate::session::command::{Command, CompareRequest, ExchangeCommand, ImportRequest, PlaceColumns, ReadOptions};
use crate::session::compare::Comparison;
use crate::session::import::recipe::Recipe;
use crate::text;
use crate::text::Text;

/// What is said in place of a coordinate system if nobody knows where the coordinates lie.
const LOCAL: [&str; 2] = ["local", "位置不明"];

/// Takes files into a city, which is made if absent; what comes to nothing leaves no new file behind.
pub(super) fn import_into(run: &mut Run, args: &ImportArgs) -> Result<Reply, Failure> {
    let Some(path) = args.city.clone() else { return import(run, args) };
    if path.exists() {
        run.open(path)?;
        return import(run, args);
    }
    if args.compare.is_some() {
        return Err(usage(Text::new("没有可以比较的城市", "there is no city to compare with")));
    }
    let request = import_request(run, args)?;
    if args.dry_run {
        return try_import(run, args, &request);
    }
    take_in(run, args, ImportRequest { new_city: Some(path), ..request })
}

/// Takes files into the open city.
pub(super) fn import(run: &mut Run, args: &ImportArgs) -> Result<Reply, Failure> {
    let request = import_request(run, args)?;
    match &args.compare {
        _ if args.dry_run => try_import(run, args, &request),
        Some(layer) => compare(run, args, ImportRequest { layer: Some(layer.clone()), ..request }),
        None => take_in(run, args, request),
    }
}

fn import_request(run: &Run, args: &ImportArgs) -> Result<ImportRequest, Failure> {
    let mut request = ImportRequest { paths: args.files.clone(), ..ImportRequest::default() };
    if let Some(path) = &args.recipe {
        Recipe::read(path)?.apply(&mut request);
    }
    let kind = match args.kind.as_deref() {
        Some("auto") => Some("auto".to_owned()),
        word => word.map(find_kind).transpose()?.map(|kind| kind.id.to_owned()),
    };
    let place = match (&args.x, &args.y, &args.wkt) {
        (Some(x), Some(y), _) => Some(PlaceColumns::Xy(x.clone(), y.clone())),
        (_, _, Some(column)) => Some(PlaceColumns::Wkt(column.clone())),
        _ => args.no_place.then_some(PlaceColumns::Nowhere),
    };
    let is_local = |crs: &WhichCrs| matches!(crs, WhichCrs::Named(name) if LOCAL.contains(&name.as_str()));
    request.is_place_unknown = args.crs.as_ref().is_some_and(is_local);
    let crs = args.crs.as_ref().filter(|crs| !is_local(crs));
    let asked = crs.map(|crs| run.crs(crs)).transpose()?.or(request.read.crs);
    let asked = if args.swap_axes { asked.map(north_first).transpose()? } else { asked };
    request.read = ReadOptions {
        crs: asked,
        encoding: args.encoding.or(request.read.encoding),
        one_layer: args.one_layer || request.read.one_layer,
        place: place.or(request.read.place),
        only: if args.only.is_empty() { request.read.only } else { args.only.clone() },
        ..request.read
    };
    request.layer = args.layer.clone().or(request.layer);
    request.kind = kind.or(request.kind);
    request.map.extend(args.map.iter().map(|pair| (pair.left.clone(), pair.right.trim().to_owned())));
    request.set.extend(args.set.iter().map(|pair| (pair.left.clone(), pair.right.trim().to_owned())));
    request.strict |= args.strict;
    request.lossless |= args.lossless;
    request.rejects.clone_from(&args.rejects);
    request.replace_rejects = args.overwrite;
    Ok(request)
}

/// The system of a file that puts north or latitude first.
fn north_first(crs: Crs) -> Result<Crs, Failure> {
    own::north_first(crs).ok_or_else(|| usage(text!("{crs} 不能再交换坐标轴", "the axes of {crs} cannot be exchanged")))
}

fn trials(run: &mut Run, request: &ImportRequest) -> Result<Vec<Trial>, Failure> {
    let mut progress = run.console.progress();
    let trials = run.session.try_import(request, &mut |report| progress.report(report));
    progress.clear();
    trials
}

fn try_import(run: &mut Run, args: &ImportArgs, request: &ImportRequest) -> Result<Reply, Failure> {
    let trials = trials(run, request)?;
    if args.save_recipe.is_some() {
        save_recipe(run, args, request, &trials)?;
    }
    Ok(tried(&trials, run.lang()))
}

fn take_in(run: &mut Run, args: &ImportArgs, request: ImportRequest) -> Result<Reply, Failure> {
    if args.save_recipe.is_some() {
        let trials = trials(run, &request)?;
        save_recipe(run, args, &request, &trials)?;
    }
    match run.finish(Command::Exchange(ExchangeCommand::Import(request)))? {
        Answer::Imported { layers, problems, rejects, datum } => Ok(imported(&layers, &problems, &rejects, &datum)),
        _ => Err(unexpected()),
    }
}

/// Keeps how the first file is taken in.
fn save_recipe(run: &mut Run, args: &ImportArgs, request: &ImportRequest, trials: &[Trial]) -> Result<(), Failure> {
    let (Some(path), Some(trial)) = (&args.save_recipe, trials.first()) else { return Ok(()) };
    let recipe = Box::new(Recipe::of(request, trial.preview.shape()));
    run.finish(Command::Exchange(ExchangeCommand::SaveRecipe { path: path.clone(), recipe }))?;
    Ok(())
}

fn compare(run: &mut Run, args: &ImportArgs, import: ImportRequest) -> Result<Reply, Failure> {
    let request = CompareRequest { import, key: args.key.clone() };
    run.finish(Command::Exchange(ExchangeCommand::Compare(request)))?;
    let which = |comparison: &Comparison| args.take.map(|parts| (comparison.open(parts), parts));
    let is_sure = args.as_declared || args.crs.is_some() || args.take.is_none();
    if let Some(verdict) = run.session.comparison().and_then(|comparison| comparison.datum.as_ref())
        && verdict.code() == "looks-like"
        && !is_sure
    {
        let Text { zh, en } = verdict.text();
        let text = text!(
            "没有接收任何差别。{zh}。请用 --crs 指定坐标系；坐标确实无误时加 --as-declared",
            "nothing was taken over. {en}. Say the system with --crs, or --as-declared if the coordinates are right"
        );
        return Err(Failure::new(FailureKind::Data, text));
    }
    if let Some((which, parts)) = run.session.comparison().and_then(which) {
        run.finish(Command::Exchange(ExchangeCommand::Take { which, parts }))?;
    }
    let comparison = run.session.comparison().ok_or_else(unexpected)?;
    Ok(compared(comparison, run.lang()))
}
