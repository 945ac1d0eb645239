# Passes the output of the benchmarks on, and ends with each goal of reading and the figure that was reached: the median
# where a benchmark ran more than once. Fails if one did not run.

{ print; fflush() }

/^Benchmark/ {
	name = $1
	sub(/-[0-9]+$/, "", name)
	for (i = 4; i <= NF; i += 2) {
		key = name " " $i
		values[key, ++count[key]] = $(i - 1)
	}
}

END {
	beside = "BenchmarkTranscodeBesideGovmomi "
	with = median(beside "transcode-us/event")
	only = median(beside "transcode-only-us/event")
	govmomi = median(beside "govmomi-us/event")
	ratio = median(beside "ratio")
	allocs = median("BenchmarkTranscode allocs/event")
	alone = median("BenchmarkTranscodeOnly allocs/event")
	over = median("BenchmarkPagesOverTLS/length events/s/core")
	chunked = median("BenchmarkPagesOverTLS/chunked events/s/core")
	wall = median("BenchmarkPagesOverTLS/length events/s")
	if (missing) {
		print "bench-read: not all benchmarks ran" > "/dev/stderr"
		exit 1
	}
	printf "\ntranscode %.1f us/event, govmomi %.0f us/event, ratio %.1f, %.2f allocs/event; over TLS %s events/s of one core\n\n",
		with, govmomi, ratio, allocs, grouped(over)
	goal("under 3 us CPU an event, page to CloudEvents", sprintf("%.2f us, of which %.2f us without the CloudEvents", with, only))
	goal("30 times less CPU than govmomi with the same result", sprintf("%.1f times", ratio))
	goal("at most 1 allocation an event", sprintf("%.2f, of which %.2f without the CloudEvents", allocs, alone))
	goal("150,000 events/s over TLS on one core", sprintf("%s, %s if chunked; %s by the clock", grouped(over), grouped(chunked), grouped(wall)))
}

function goal(text, reached) { printf "goal: %-55s reached: %s\n", text, reached }

function grouped(n) { return sprintf("%d,000", n / 1000) }

function median(key,    n, i, j, v, sorted) {
	n = count[key]
	if (!n) {
		missing = 1
		return 0
	}
	for (i = 1; i <= n; i++) {
		v = values[key, i] + 0
		for (j = i; j > 1 && sorted[j - 1] > v; j--)
			sorted[j] = sorted[j - 1]
		sorted[j] = v
	}
	return sorted[int((n + 1) / 2)]
}
