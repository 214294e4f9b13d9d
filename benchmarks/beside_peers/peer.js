// fqm-execution (Apache-2.0) on a published measure. Usage: node peer.js MEASURE_BUNDLE PATIENT_BUNDLES
// Prints one line of JSON: people, seconds (reading included) and peak memory.
const fs = require('fs');
const { Calculator } = require('fqm-execution');

async function main() {
  const [measurePath, patientsPath] = process.argv.slice(2);
  const start = process.hrtime.bigint();
  const measure = JSON.parse(fs.readFileSync(measurePath, 'utf8'));
  const patients = JSON.parse(fs.readFileSync(patientsPath, 'utf8'));
  const answer = await Calculator.calculate(measure, patients, {
    measurementPeriodStart: '2019-01-01',
    measurementPeriodEnd: '2019-12-31',
    calculateHTML: false,
    calculateSDEs: false,
  });
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  const memory = process.resourceUsage().maxRSS / 1024;
  console.log(JSON.stringify({ people: answer.results.length, seconds, megabytes: memory }));
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
