/** The command line. Commands load what they need when they run, so that each starts as fast as it can. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { PlimsollError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import { instantOf } from '../core/market/instant.ts';
import { rangeOf, type SearchAxis } from '../core/research/optimise/space.ts';
import type { GridAxis, ParameterValue } from '../core/research/sweep/grid.ts';
import type { RunArguments } from './commands/run-arguments.ts';

/** 0 done, 1 failed, 2 wrong use. */
const FAILED = 1;
const WRONG_USE = 2;
/** Errors that say how the command was used, not what it met. */
const WRONG_USE_CODES = new Set([
  'USAGE',
  'STRATEGY_UNKNOWN',
  'STRATEGY_PARAMS_INVALID',
  'TIMEFRAME_UNKNOWN',
  'OPERATION_UNKNOWN',
  'OPERATION_INPUT_INVALID',
  'OPTION_INPUT_INVALID',
  'OPTION_PRICE_OUT_OF_BOUNDS',
]);

// Whoever reads the output may have seen enough: `plimsoll cycles | head`. What was asked for is done all the same.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

const program = new Command('plimsoll')
  .description('A trading platform that you own: strategies propose, and a risk line that no order crosses disposes.')
  .version(await version(), '-V, --version')
  .showHelpAfterError('(plimsoll --help lists the commands)')
  .exitOverride();

program
  .command('start')
  .description('run the platform: paper trading, the API and the dashboard on one loopback port')
  .option('--config <file>', 'configuration file', 'plimsoll.yaml')
  .option(
    '--venue <kind>',
    'trade on `live`, `simulated` or `replay` data; without it live, and simulated where there is no network',
  )
  .option('--bars <file>', 'recorded bars for --venue replay')
  .option('--symbol <symbol...>', 'symbols of the recorded bars')
  .option('--speed <bars>', 'bars a second for --venue replay; 0 is as fast as it goes', number)
  .option('--data <directory>', 'data directory')
  .option('--port <port>', 'port', whole)
  .action(async (options) => (await import('./commands/start.ts')).start(options));

runOptions(program.command('backtest').description('run a strategy over recorded bars'))
  .option('--report <file>', 'write an HTML report')
  .option('--trades <file>', 'write the trades as CSV')
  .option('--json', 'print one JSON object')
  .action(async (options) => (await import('./commands/backtest.ts')).backtest(options));

runOptions(
  program
    .command('parity')
    .description('run recorded bars through the live path and the backtester, and compare the ledgers'),
)
  .option('--cloud', 'through the CDK app deployed to the local cloud')
  .option('--json', 'print one JSON object')
  .action(async (options) => (await import('./commands/parity.ts')).parity(options));

const research = program.command('research').description('whether a backtest can be trusted, and how far');
runOptions(research.command('lookahead').description('find decisions that know the future, in any strategy'))
  .option('--points <n>', 'at how many bars the future is cut off, and changed', whole, 20)
  .option('--allow-dates', 'let a strategy know dates')
  .option('--json', 'print one JSON object')
  .action(async (options) => (await import('./commands/research.ts')).lookahead(options));
runOptions(
  research.command('recursive').description('find indicators and decisions that depend on the length of history'),
)
  .option('--at <time>', 'first bar of the span (ISO, or ms UTC); the middle of the bars when left out', instant)
  .option('--span-bars <n>', 'bars of the span', whole, 500)
  .option('--tolerance <fraction>', 'relative difference up to which an indicator has settled', number, 0.0001)
  .option('--json', 'print one JSON object')
  .action(async (options) => (await import('./commands/research.ts')).recursive(options));
runOptions(research.command('monte-carlo').description('draw the returns and trades of a backtest again, many times'))
  .option('--runs <n>', 'how many times, up to 100,000', whole, 1_000)
  .option('--seed <n>', 'the same seed gives the same figures', whole, 1)
  .option('--drawdown <fraction>', 'a drawdown whose probability is wanted', number, 0.2)
  .option('--block <n>', 'mean length of a block; the cube root of the count when left out', number)
  .option('--json', 'print one JSON object')
  .action(async (options) => (await import('./commands/research.ts')).monteCarlo(options));
gridOptions(research.command('sweep').description('try a grid of parameters, and doubt the best of them'))
  .option('--top <n>', 'how many are shown', whole, 10)
  .option('--draws <n>', 'of the bootstrap, up to 100,000', whole, 1_000)
  .option('--seed <n>', 'the same seed gives the same figures', whole, 1)
  .option('--threads <n>', 'over which the runs are spread; it changes nothing but the time', whole, 1)
  .option(
    '--on <where>',
    '`here`, or `aws`: over functions of a deployed instance; what follows is of it alone',
    'here',
  )
  .option('--outputs <file>', 'what `cdk deploy --outputs-file` wrote')
  .option('--yes', 'start it, whatever it is said to cost')
  .option('--max-usd <amount>', 'start it where it is said to cost no more', number)
  .option('--prices <file>', 'prices of another region or day, as JSON')
  .option('--pilot <n>', 'runs made here first, to measure them and to compare', whole, 64)
  .option('--concurrency <n>', 'functions at a time', whole, 100)
  .action(async (options) => (await import('./commands/research/sweep.ts')).sweep(options));
questionOptions(
  runOptions(
    research
      .command('optimise')
      .description('search a space of parameters, each run choosing the next; doubt the best'),
  ).requiredOption(
    '--space <name=low..high>',
    'a range (2..60, 0.5..2.5, 1..1000,log) or values (a,b,c) of a parameter; may be given often',
    searchAxis,
  ),
)
  .option('--runs <n>', 'how many are made, up to 10,000', whole, 100)
  .option('--method <name>', 'tpe, or random to see what it is worth', 'tpe')
  .option('--batch <n>', 'runs that are chosen at a time, and may be made at the same time', whole, 8)
  .option('--top <n>', 'how many are shown', whole, 10)
  .option('--draws <n>', 'of the bootstrap, up to 100,000', whole, 1_000)
  .option('--seed <n>', 'the same seed gives the same figures', whole, 1)
  .option('--threads <n>', 'over which the runs are spread; it changes nothing but the time', whole, 1)
  .action(async (options) => (await import('./commands/research/optimise.ts')).optimise(options));
questionOptions(
  runOptions(
    research
      .command('walk-forward')
      .description('choose parameters, or train a model, in each window, and run what came of it on the one after it'),
  ),
)
  .option('--grid <name=value,…>', 'values of a parameter to choose among; may be given often', axis)
  .requiredOption('--train-bars <n>', 'bars to choose on, or to learn from', whole)
  .requiredOption('--test-bars <n>', 'bars after them to run it on', whole)
  .option('--step <n>', 'bars from one test window to the next; --test-bars when left out', whole)
  .option('--anchored', 'let every training window begin with the first bar')
  .option('--draws <n>', 'of the bootstrap, up to 100,000', whole, 1_000)
  .option('--seed <n>', 'the same seed gives the same figures', whole, 1)
  .option('--retrain', 'train the model that the strategy asks, in each window; what follows is of it alone')
  .option('--of <version>', 'whose features, label and hyperparameters are taken; the champion when left out')
  .option('--table <folder>', 'a table whose features and label are taken in place of a version’s')
  .option('--model-set <name=value>', 'a hyperparameter over those; may be given often', hyperparameter, {})
  .option('--embargo-bars <n>', 'bars before a test window that nothing is learned from', whole, 1)
  .option('--most-trainings <n>', 'windows that are allowed, up to 1,000', whole, 24)
  .option('--within <minutes>', 'that one training may take', number, 60)
  .option('--plan', 'say what it would take, and train nothing')
  .action(async (options) => (await import('./commands/research/walk-forward.ts')).walkForward(options));
questionOptions(
  runOptions(
    research.command('report').description('what a sceptic would ask, answered on bars that nothing was chosen on'),
    { isNeeded: false },
  ),
)
  .option('--split <time>', 'first bar that nothing was chosen on (ISO, or ms UTC)', instant)
  .option('--walk-forward <file>', 'in place of a run and its split, what `walk-forward --json` printed')
  .option('--html <file>', 'write it as a page that needs no network')
  .option('--draws <n>', 'of the bootstrap, up to 100,000', whole, 1_000)
  .option('--seed <n>', 'the same seed gives the same figures', whole, 1)
  .action(async (options) => (await import('./commands/research/report.ts')).report(options));
runOptions(research.command('compare').description('strategies, or variants of one, on the same bars: tested in pairs'))
  .option('--variant <name=value,name=value…>', 'parameters of the strategy; give it twice or more', variant)
  .option('--draws <n>', 'of the bootstrap, up to 100,000', whole, 1_000)
  .option('--seed <n>', 'the same seed gives the same figures', whole, 1)
  .option('--json', 'print one JSON object')
  .action(async (options) => (await import('./commands/research/compare.ts')).compare(options));
research
  .command('regimes')
  .description('calm or turbulent, up or down, by several methods side by side')
  .requiredOption('--bars <file>', 'recorded bars: Parquet or CSV')
  .option('--symbol <symbol>', 'the one symbol to look at, where the file has several')
  .option(
    '--fit-until <time>',
    'methods see the bars that closed by then (ISO, or ms UTC); the first 60 % when left out',
    instant,
  )
  .option('--states <n>', 'states of the hidden Markov model, 2 to 8', whole, 3)
  .option('--clusters <n>', 'clusters, 2 to 32', whole, 3)
  .option('--seed <n>', 'the same seed gives the same figures', whole, 0)
  .option(
    '--macro <file>',
    'economic figures (UNRATE, T10Y2Y, INDPRO) as CSV or Parquet: series, observed, value, and known: when each was published',
  )
  .option(
    '--publication-lag <series=days>',
    'days from the begin of a period to its publication, where the file has no known; may be given often',
    assignment,
    {} as RunArguments['set'],
  )
  .option('--report <file>', 'write it as a page that needs no network')
  .option('--json', 'print one JSON object')
  .action(async (options) => (await import('./commands/research/regimes.ts')).regimes(options));
barOptions(
  research.command('var').description('value at risk by filtered historical simulation, and whether it was right'),
)
  .option('--weight <symbol=share>', 'what is held of it, evenly when left out; may be given often', weight, {})
  .option('--confidence <fraction>', 'with which losses stay below', number, 0.99)
  .option('--horizon <n>', 'periods, up to 250', whole, 1)
  .option('--draws <n>', 'paths over a horizon of more than one', whole, 10_000)
  .option('--seed <n>', 'the same seed gives the same figures', whole, 1)
  .option('--window <n>', 'returns that each forecast of the past is made from', whole, 1_000)
  .option('--refit-every <n>', 'periods from one fit to the next in the past', whole, 20)
  .action(async (options) => (await import('./commands/research/var.ts')).researchVar(options));
barOptions(
  research.command('kelly').description('how much of each instrument lets wealth grow fastest, and a share of it'),
)
  .option('--fraction <share>', 'of the growth-optimal weights that is held', number, 0.5)
  .option('--leverage <times>', 'largest sum of their sizes, of wealth', number, 1)
  .option('--short', 'let weights be below zero')
  .option('--no-shrink', 'take means and covariance as the sample has them')
  .action(async (options) => (await import('./commands/research/kelly.ts')).kelly(options));
runOptions(
  research.command('limits').description('propose tighter or looser limits from backtests; it changes nothing'),
)
  .option('--give-up <fraction>', 'growth a year that a tighter limit may cost', number, 0.02)
  .option('--drawdown <fraction>', 'that 95 % of the resamples are to stay within under a looser one', number, 0.2)
  .option('--draws <n>', 'of the bootstrap, up to 100,000', whole, 2_000)
  .option('--seed <n>', 'the same seed gives the same figures', whole, 1)
  .option('--json', 'print one JSON object')
  .action(async (options) => (await import('./commands/research/limits.ts')).limits(options));

program
  .command('strategies')
  .description('list the strategies that can be run')
  .option('--json', 'print a JSON array')
  .action(async (options) => (await import('./commands/strategies.ts')).strategies(options));

program
  .command('replay <decision>')
  .description('make a decision again from what it pinned, and show every number that led to it')
  .option('--config <file>', 'configuration file', 'plimsoll.yaml')
  .option('--data <directory>', 'data directory')
  .option('--account <id>', 'account')
  .option('--json', 'print one JSON object')
  .action(async (decision, options) => (await import('./commands/replay.ts')).replay(decision, options));

const ledger = program.command('ledger').description('the ledger');
ledger
  .command('verify')
  .description('recompute everything and name the first event that does not hold')
  .option('--config <file>', 'configuration file', 'plimsoll.yaml')
  .option('--data <directory>', 'data directory')
  .option('--json', 'print one JSON object')
  .action(async (options) => (await import('./commands/ledger-verify.ts')).ledgerVerify(options));

for (const [name, description] of [
  ['status', 'how the instance is'],
  ['cycles', 'the last cycles, with each step’s verdict'],
] as const) {
  program
    .command(name)
    .description(description)
    .option('--config <file>', 'configuration file', 'plimsoll.yaml')
    .option('--data <directory>', 'data directory')
    .option('--account <id>', 'account')
    .option('--limit <n>', 'how many', whole, 20)
    .option('--json', 'print one JSON object')
    .action(async (options) => (await import('./commands/instance.ts'))[name](options));
}

switchOptions(program.command('halt').description('the kill switch: nothing new is sent, working orders are canceled'))
  .option('--flatten', 'close the positions too, with market orders that only reduce')
  .option('--reduce-only', 'let orders pass that lower a position, and keep protection')
  .action(async (options) => (await import('./commands/halt.ts')).halt(options));

switchOptions(program.command('resume').description('let go on what was halted')).action(async (options) =>
  (await import('./commands/halt.ts')).resume(options),
);

program
  .command('op <operation>')
  .description('do any operation of the API, by its name: `plimsoll op orders.list --input \'{"all":true}\'`')
  .option('--config <file>', 'configuration file', 'plimsoll.yaml')
  .option('--data <directory>', 'data directory')
  .option('--input <json>', 'its input', '{}')
  .option('--key <key>', 'idempotency key of a command')
  .action(async (operation, options) => (await import('./commands/instance.ts')).op(operation, options));

program
  .command('options')
  .description('a calculator for options')
  .command('price')
  .description('price and Greeks of a European option (Black–Scholes–Merton), from its volatility or from its price')
  .requiredOption('--spot <price>', 'price of the underlying')
  .requiredOption('--strike <price>', 'strike')
  .requiredOption('--rate <fraction>', 'risk-free rate a year, continuously compounded: 0.05 is 5 %')
  .option('--dividend <fraction>', 'dividend yield a year, continuously compounded', '0')
  .option('--volatility <fraction>', 'volatility a year: 0.2 is 20 %')
  .option('--price <price>', 'price of the option, for its implied volatility, in place of --volatility')
  .requiredOption('--days <days>', 'calendar days to expiry, of 365 a year')
  .requiredOption('--type <type>', 'call or put')
  .option('--json', 'print one JSON object')
  .action(async (options) => (await import('./commands/options.ts')).optionsPrice(options));

program
  .command('simulate')
  .description('the whole platform in one process under faults, by seed: what must hold is checked after every commit')
  .option('--seeds <seeds>', 'a range, as in 1..1500, or how many')
  .option('--seed <seed>', 'the first one; alone, that one is replayed')
  .option('--steps <n>', 'turns of a seed during which faults happen', whole)
  .option('--faults <faults>', 'only these kinds, with commas between them; or a file with a script, for one seed')
  .option('--bugs', 'plant each bug of the bank and say which seed catches it')
  .option('--json', 'print one JSON object')
  .action(async (options) => (await import('./commands/simulate.ts')).simulate(options));

const models = program
  .command('models')
  .description('models: what they learn from, their training, and which version decides');
models
  .command('table')
  .description('write features and labels of recorded bars, with a period that no training reads')
  .requiredOption('--bars <file>', 'recorded bars: Parquet or CSV')
  .option('--symbol <symbol...>', 'symbols; all of the file when left out')
  .option('--features <names>', 'with commas between them; thirty standard ones when left out')
  .option('--label <json>', 'as in docs/models.md')
  .option('--locked-from <time>', 'rows from then on are kept apart (ISO, or ms UTC)', instant)
  .requiredOption('--out <folder>', 'where to')
  .option('--json', 'print one JSON object')
  .action(async (options) => (await import('./commands/models.ts')).table(options));
sageMakerOptions(
  models
    .command('train <name>')
    .description('train a version of a model on a table; it waits as a candidate')
    .requiredOption('--table <folder>', 'a table, as `models table` wrote it')
    .option(
      '--set <key=value>',
      'a hyperparameter; may be given often',
      hyperparameter,
      {} as Record<string, ParameterValue>,
    )
    .option('--within <minutes>', 'how long it may take here', number, 120)
    .option('--reason <text>', 'why, for its history', 'by hand')
    .option('--usd <amount>', 'on SageMaker, the most that may be spent; with --usd-per-hour', number)
    .option('--usd-per-hour <price>', 'of one instance of SageMaker', number),
).action(async (name, options) => (await import('./commands/models.ts')).trainModel(name, options));
sageMakerOptions(
  models
    .command('search')
    .description('try estimators, their settings and tables within a budget: a leaderboard that allows for the choice')
    .requiredOption(
      '--table <folder...>',
      'tables of the same bars with other features or labels, as `models table` wrote them',
    )
    .option('--trials <n>', 'at most so many', whole, 50)
    .option('--minutes <minutes>', 'at most so long', number, 60)
    .option('--usd <amount>', 'at most so much; with --usd-per-hour', number)
    .option('--usd-per-hour <price>', 'of this machine, or of one instance of SageMaker', number)
    .option('--parallel <n>', 'on SageMaker, trials at a time (2 when left out)', whole)
    .option('--seed <seed>', 'the same one makes the same trials', whole, 0)
    .option(
      '--train <name>',
      'train the winner on every row, as a version of this model; only where something was found',
    )
    .option(
      '--set <key=value>',
      'another hyperparameter of docs/models.md; may be given often',
      hyperparameter,
      {} as Record<string, ParameterValue>,
    ),
).action(async (options) => (await import('./commands/models/search.ts')).search(options));
modelOptions(
  models
    .command('list')
    .description('models by task, by regime and by score: those of the catalogue, and those that were trained here'),
)
  .option('--task <task>', 'such as classification, regression, volatility, forecast, regime')
  .option('--category <category>', 'such as linear, boosting, hidden-markov; docs/reference/catalogue.md has them all')
  .option('--served <how>', 'onnx, native, endpoint, batch-to-lake or research-only')
  .option('--regime <regime>', 'by what they gained in a calm, a middle or a turbulent market')
  .option('--beats-baseline', 'those alone that surely beat what anyone would guess')
  .option('--source <source>', 'catalogue or trained; both when left out')
  .action(async (options) => (await import('./commands/models/list.ts')).list(options));
modelOptions(
  models
    .command('show <name> [version]')
    .description('a version’s card, its parity with the library, and its history; or an entry of the catalogue'),
)
  .option(
    '--order <number>',
    'instead, the way from an order that it decided back to the bars that it learned from',
    whole,
  )
  .option('--account <id>', 'whose order; the first account when left out')
  .option('--bars <file>', 'the bars, to make again what was learned from')
  .action(async (name, version, options) =>
    options.order === undefined
      ? (await import('./commands/models/show.ts')).show(name, version, options)
      : (await import('./commands/models/lineage.ts')).lineage(name, options),
  );
modelOptions(
  models
    .command('watch <name>')
    .description('look for drift and decay, train anew where there is a reason, and promote or roll back by evidence')
    .requiredOption('--bars <file>', 'bars that it learned from and those since: Parquet or CSV')
    .option('--symbol <symbol>', 'of the file’s series; not needed where it has one')
    .option('--account <id>', 'whose bars in the lake go on where the file ends; with --symbol')
    .option('--limits <file>', 'what it may do by itself, as JSON (docs/monitoring.md)')
    .option('--every <minutes>', 'look again and again; once when left out', number)
    .option(
      '--set <key=value>',
      'a hyperparameter of trainings; may be given often',
      hyperparameter,
      {} as Record<string, ParameterValue>,
    )
    .option('--within <minutes>', 'how long a training may take', number, 120)
    .option('--rows <n>', 'the latest rows that a training reads', whole, 50_000),
).action(async (name, options) => (await import('./commands/models/watch.ts')).watch(name, options));
modelOptions(
  models
    .command('serve [names...]')
    .description(
      'a model server on this machine for versions that need their library: champions (NAME), others as NAME@VERSION',
    )
    .option('--port <port>', '0 for any that is free', whole, 8080),
).action(async (names, options) => (await import('./commands/models/serve.ts')).serve(names, options));
modelOptions(
  models
    .command('batch [name]')
    .description('bring the table of a batch of batches.yaml up to the latest closed bar, or of all without a name')
    .option('--bars <file>', 'recorded bars, instead of those that batches.yaml and the lake have: Parquet or CSV')
    .option('--from <time>', 'the first bar of a new table (ISO, or ms UTC); the first of all when left out', instant)
    .option('--anew', 'take the table away, and make it from the beginning'),
).action(async (name, options) => (await import('./commands/models/batch.ts')).batch(name, options));
modelOptions(
  models
    .command('fetch <name> [version]')
    .description('take a version over that a training of a deployment left, as a candidate; the latest one without it')
    .requiredOption('--outputs <file>', 'what `cdk deploy --outputs-file` wrote'),
).action(async (name, version, options) =>
  (await import('./commands/models/fetch.ts')).fetchModel(name, version, options),
);
modelOptions(models.command('queue').description('trainings that wait, run and are over')).action(async (options) =>
  (await import('./commands/models/queue.ts')).queue(options),
);
modelOptions(
  models
    .command('compare <names...>')
    .description('models side by side (NAME, or NAME@VERSION), and whether the first is better than the others'),
).action(async (names, options) => (await import('./commands/models/compare.ts')).compare(names, options));
for (const [command, action, description] of [
  ['promote <name> <version>', 'promoted', 'let a version decide'],
  ['rollback <name> [version]', 'rolled-back', 'let the version decide again that did before'],
  ['retire <name> <version>', 'retired', 'take a version out for good'],
] as const) {
  modelOptions(
    models.command(command).description(description).requiredOption('--reason <text>', 'why, for its history'),
  ).action(async (name, version, options) =>
    (await import('./commands/models.ts')).act(action, name, version, options),
  );
}

const risk = program.command('risk').description('what an account risks, whether the platform runs or not');
riskOptions(
  risk.command('report').description('exposure, limits, losses, value at risk, stress and liquidation at one look'),
)
  .option('--date <date>', 'the report that was kept for that day, like 2024-02-07; without it, one of now')
  .option('--html <file>', 'write it as a page that needs no network')
  .action(async (options) => (await import('./commands/risk.ts')).riskReport(options));
riskOptions(
  risk.command('var').description('value at risk and expected shortfall of one day, by three methods'),
).action(async (options) => (await import('./commands/risk.ts')).riskVar(options));
riskOptions(risk.command('stress').description('what is held, on named days of the past')).action(async (options) =>
  (await import('./commands/risk.ts')).riskStress(options),
);
riskOptions(risk.command('limits').description('every limit, its value, its default, its owner and its use')).action(
  async (options) => (await import('./commands/risk.ts')).riskLimits(options),
);

const live = program.command('live').description('live accounts: real money at a venue, once a person has armed it');
liveOptions(
  live
    .command('arm <account>')
    .description('let an account open positions with real money, up to limits')
    .requiredOption('--max-order-notional <amount>', 'largest notional of one order', number)
    .requiredOption('--max-exposure <amount>', 'positions and working orders together', number)
    .option('--confirm <account>', 'the account’s name once more, for scripts; without it a person is asked')
    .option('--reason <text>', 'why, for the ledger', 'by hand')
    .option('--key <key>', 'idempotency key'),
).action(async (account, options) => (await import('./commands/live.ts')).arm(account, options));
liveOptions(
  live
    .command('disarm <account>')
    .description('open nothing new with real money, and cancel what would; protection stays')
    .option('--reason <text>', 'why, for the ledger', 'by hand')
    .option('--key <key>', 'idempotency key'),
).action(async (account, options) => (await import('./commands/live.ts')).disarm(account, options));
liveOptions(
  live
    .command('accept <account>')
    .description('take what the venue holds for right: after a deposit, a withdrawal, or a look into a difference')
    .requiredOption('--reason <text>', 'why, for the ledger')
    .option('--key <key>', 'idempotency key'),
).action(async (account, options) => (await import('./commands/live.ts')).accept(account, options));
liveOptions(
  live
    .command('show [account]')
    .description('what is armed, the last reconciliation, outstanding orders, differences and alerts'),
).action(async (account, options) => (await import('./commands/live.ts')).show(account, options));

const secrets = program.command('secrets').description('keys of accounts at venues, encrypted in the data directory');
secretOptions(
  secrets
    .command('set <name>')
    .description('store a secret: asked for without an echo, or read from standard input')
    // Commander would print what is too much, and that is the secret.
    .allowExcessArguments(),
).action(async (name, options, { args }: Command) =>
  (await import('./commands/secrets.ts')).secretsSet(name, options, args.length - 1),
);
secretOptions(secrets.command('list').description('the names of what is stored, and nothing else'))
  .option('--json', 'print a JSON array')
  .action(async (options) => (await import('./commands/secrets.ts')).secretsList(options));
secretOptions(secrets.command('remove <name>').description('forget a secret')).action(async (name, options) =>
  (await import('./commands/secrets.ts')).secretsRemove(name, options),
);

const limits = program
  .command('limits')
  .description('how the limits of an account change: what tightens holds at once, what loosens waits for approval');
riskOptions(limits.command('changes').description('who changed them, when, why, from what to what; and what waits'))
  .option('--limit <n>', 'how many', whole, 20)
  .action(async (options) => (await import('./commands/limits.ts')).changes(options));
decisionOptions(limits.command('approve <version>').description('let looser limits hold that wait for approval'))
  .option('--confirm <account>', 'the account’s name, typed: where nobody else could approve them')
  .action(async (version, options) => (await import('./commands/limits.ts')).approve(whole(version), options));
decisionOptions(limits.command('reject <version>').description('drop looser limits that wait for approval')).action(
  async (version, options) => (await import('./commands/limits.ts')).reject(whole(version), options),
);

const config = program.command('config').description('the configuration');
config
  .command('show')
  .description('the configuration in force, and where each value came from')
  .option('--config <file>', 'configuration file', 'plimsoll.yaml')
  .option('--json', 'print one JSON object')
  .action(async (options) => (await import('./commands/config-show.ts')).configShow(options));

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

/** Straight to the ledger: with no name it is the whole instance. */
function switchOptions(command: Command): Command {
  return command
    .option('--account <id>', 'one account; alone, or with --strategy or --instrument')
    .option('--venue <name>', 'every account that trades there')
    .option('--strategy <id>', 'one strategy')
    .option('--instrument <symbol>', 'one instrument')
    .option('--reason <text>', 'why, for the ledger', 'by hand')
    .option('--key <key>', 'idempotency key: the same command again under it does nothing that is done')
    .option('--config <file>', 'configuration file', 'plimsoll.yaml')
    .option('--data <directory>', 'data directory')
    .option(
      '--table <name>',
      'the DynamoDB table of an instance on AWS (the output LedgerTable), by your AWS credentials',
    )
    .option('--json', 'print one JSON object');
}

function liveOptions(command: Command): Command {
  return command
    .option('--config <file>', 'configuration file', 'plimsoll.yaml')
    .option('--data <directory>', 'data directory')
    .option(
      '--table <name>',
      'the DynamoDB table of an instance on AWS (the output LedgerTable), by your AWS credentials',
    )
    .option('--json', 'print one JSON object');
}

function modelOptions(command: Command): Command {
  return command
    .option('--config <file>', 'configuration file', 'plimsoll.yaml')
    .option('--data <directory>', 'data directory')
    .option('--json', 'print one JSON object');
}

function secretOptions(command: Command): Command {
  return command
    .option('--config <file>', 'configuration file', 'plimsoll.yaml')
    .option('--data <directory>', 'data directory');
}

function decisionOptions(command: Command): Command {
  return riskOptions(command)
    .requiredOption('--reason <text>', 'why, for the ledger')
    .option('--key <key>', 'idempotency key: the same command again under it does nothing that is done');
}

function riskOptions(command: Command): Command {
  return command
    .option('--config <file>', 'configuration file', 'plimsoll.yaml')
    .option('--data <directory>', 'data directory')
    .option('--account <id>', 'account; the first where none is named')
    .option('--json', 'print one JSON object');
}

/** @param isNeeded whether bars and strategies have to be given */
function runOptions(command: Command, { isNeeded = true } = {}): Command {
  const needed = (flags: string, description: string): Option =>
    new Option(flags, description).makeOptionMandatory(isNeeded);
  return command
    .addOption(needed('--bars <file>', 'recorded bars: Parquet or CSV'))
    .option('--symbol <symbol...>', 'symbols; a file of one series needs none')
    .option('--timeframe <timeframe>', 'of the cycles; shorter bars are put together')
    .addOption(needed('--strategy <name...>', 'strategies, in order'))
    .option(
      '--set <key=value>',
      'a parameter of the strategy; may be given often',
      assignment,
      {} as RunArguments['set'],
    )
    .option('--cash <amount>', 'first deposit', number)
    .option('--fee-bps <bps>', 'fee of a fill, in basis points', number)
    .option('--slippage-bps <bps>', 'slippage of a taker, in basis points', number)
    .option('--price-decimals <n>', 'decimals of prices; the most that the file uses when left out', whole)
    .option('--quantity-decimals <n>', 'decimals of quantities', whole)
    .option('--limits <json>', 'limits, as in the configuration')
    .option('--from <time>', 'first bar (ISO, or ms UTC)', instant)
    .option('--to <time>', 'before this time (ISO, or ms UTC)', instant);
}

function barOptions(command: Command): Command {
  return command
    .requiredOption('--bars <file>', 'recorded bars: Parquet or CSV')
    .option('--symbol <symbol...>', 'symbols; a file of one series needs none')
    .option('--timeframe <timeframe>', 'of the returns; shorter bars are put together')
    .option('--from <time>', 'first bar (ISO, or ms UTC)', instant)
    .option('--to <time>', 'before this time (ISO, or ms UTC)', instant)
    .option('--json', 'print one JSON object');
}

function gridOptions(command: Command): Command {
  return questionOptions(
    runOptions(command).requiredOption('--grid <name=value,…>', 'values of a parameter; may be given often', axis),
  );
}

function questionOptions(command: Command): Command {
  return command
    .option('--question <name>', 'what is to be answered: its trials add up over sweeps')
    .option('--trials <file>', 'where they are kept; in the data directory when left out')
    .option('--config <file>', 'configuration file', 'plimsoll.yaml')
    .option('--data <directory>', 'data directory')
    .option('--json', 'print one JSON object');
}

/** Those of modelOptions too. */
function sageMakerOptions(command: Command): Command {
  return modelOptions(
    command
      .option(
        '--on <where>',
        '`sagemaker`: there, and not on this machine (docs/models.md); what follows is of it alone',
      )
      .option('--role <arn>', 'the role that the job has')
      .option('--image <uri>', 'an image made from models/Dockerfile, in ECR')
      .option('--bucket <name>', 'where tables and models are put')
      .option('--outputs <file>', 'role and bucket from what `cdk deploy --outputs-file` wrote')
      .option('--prefix <folder>', 'in the bucket (training/ when left out)')
      .option('--instance <type>', 'ml.m7i.xlarge when left out')
      .option('--instances <n>', 'of them (1 when left out)', whole)
      .option('--volume-gb <gb>', 'of disk (30 when left out)', whole)
      .option('--max-minutes <minutes>', 'how long a job may run (60 when left out)', number)
      .option('--spot', 'on spare capacity: cheaper, and begun again where it is taken away')
      .option(
        '--max-wait-minutes <minutes>',
        'with --spot, waiting and running (twice --max-minutes when left out)',
        number,
      )
      .option('--poll-seconds <seconds>', 'between two looks (15 when left out)', number),
  );
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0)
    throw new InvalidArgumentError('It is not a number of zero or more.');
  return value;
}

function whole(text: string): number {
  const value = number(text);
  if (!Number.isInteger(value)) throw new InvalidArgumentError('It is not a whole number.');
  return value;
}

function instant(text: string): number {
  const ms = instantOf(text);
  if (ms === undefined)
    throw new InvalidArgumentError('It is no time: write 2024-02-07, 2024-02-07T22:03:00Z, or milliseconds (UTC).');
  return ms;
}

function assignment(text: string, set: RunArguments['set']): RunArguments['set'] {
  const [name, value] = pair(text);
  return { ...set, [name]: /^[[{]/.test(value) ? listOrMap(value) : scalar(value) };
}

/** What a strategy takes several of is written as JSON. */
function listOrMap(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw new InvalidArgumentError('It begins as JSON and is none: write key=["a","b"] or key={"a":1}, in quotes.');
  }
}

function hyperparameter(text: string, set: Readonly<Record<string, ParameterValue>>): Record<string, ParameterValue> {
  const [name, value] = pair(text);
  return { ...set, [name]: scalar(value) };
}

function axis(text: string, axes: readonly GridAxis[] = []): readonly GridAxis[] {
  const [name, values] = pair(text);
  if (values.split(',').includes('')) throw new InvalidArgumentError('Write name=value,value.');
  return [...axes, { name, values: values.split(',').map(scalar) }];
}

function searchAxis(text: string, axes: readonly SearchAxis[] = []): readonly SearchAxis[] {
  const [name, value] = pair(text);
  const range = rangeOf(name, value);
  if (range) return [...axes, range];
  if (value.includes('..') || value.split(',').includes(''))
    throw new InvalidArgumentError('Write name=low..high, name=low..high,log or name=value,value.');
  return [...axes, { name, kind: 'choice', values: value.split(',').map(scalar) }];
}

function weight(text: string, weights: Readonly<Record<string, number>>): Record<string, number> {
  const [symbol, share] = pair(text);
  const value = Number(share);
  if (share === '' || !Number.isFinite(value))
    throw new InvalidArgumentError('Write symbol=share, as in BTC/USDT=0.5.');
  return { ...weights, [symbol]: value };
}

function variant(text: string, variants: readonly RunArguments['set'][] = []): readonly RunArguments['set'][] {
  return [...variants, text.split(',').reduce((set, each) => assignment(each, set), {} as RunArguments['set'])];
}

function pair(text: string): [name: string, value: string] {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Write key=value.');
  return [text.slice(0, at), text.slice(at + 1)];
}

function scalar(text: string): ParameterValue {
  if (text === 'true') return true;
  if (text === 'false') return false;
  return text !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
}

/** One sentence on standard error, and the exit code. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : WRONG_USE;
  if (error instanceof PlimsollError) {
    process.stderr.write(`${error.sentence}\n`);
    return WRONG_USE_CODES.has(error.code) ? WRONG_USE : FAILED;
  }
  process.stderr.write(
    `Something went wrong that should not have: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  return FAILED;
}

async function version(): Promise<string> {
  const { default: manifest } = await import('../package.json', { with: { type: 'json' } });
  return manifest.version;
}
