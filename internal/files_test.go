package internal_test

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A fileOrder says in which direction the files of a package depend on each
// other.
type fileOrder struct {
	files   []string // all of the default build, lowest first: a file uses only what stands before it
	against int      // how many dependencies may go against it, and never more than one in ten
}

// fileOrders has an order for each package that is large enough to need one. As
// with floors, change the code before the order.
func fileOrders() map[string]fileOrder {
	return map[string]fileOrder{
		"internal/mtasts": {against: 2, files: []string{
			"lenient.go", "notes.go", "fetchreason.go", "mtasts.go", "errors.go", "blocked.go", "record.go", "mxpattern.go",
			"slip.go", "nearmiss.go",
			"records.go", "negative.go", "message.go", "walk.go", "lookup.go", "host.go",
			"elsewhere.go",
			"provider.go", "mx.go", "mxmatch.go", "tlsa.go", "rua.go", "tlsrpt.go", "verdict.go",
			"unicode.go", "policytext.go", "policy.go", "policyfields.go", "body.go", "fetch.go", "client.go",
		}},
		"internal/survey": {against: 0, files: []string{
			"previous.go", "rows.go", "stall.go", "hosts.go", "policyrow.go", "proberow.go", "tlsacache.go", "survey.go",
			"deadline.go", "localfault.go", "verdictrow.go", "probe.go", "denial.go", "mailrow.go", "mail.go", "domain.go",
			"recordpolicy.go", "alone.go", "provisional.go", "tries.go",
		}},
		"internal/domains": {against: 0, files: []string{
			"errors.go", "reason.go", "ldh.go", "entry.go", "normalize.go", "format.go",
			"plain.go", "columns.go", "csv.go", "zonescan.go", "zonename.go", "zone.go", "rows.go",
			"reader.go", "exclusions.go", "domains.go", "block.go", "blockreader.go", "plan.go", "spool.go", "chunkreader.go",
			"exclusionhistory.go", "exclusionfile.go", "prepareconfig.go", "reuse.go", "jsonlines.go",
			"rejects.go", "firstrejects.go", "rankfile.go", "othertags.go", "duplicatelines.go", "repair.go", "chunkwriter.go", "preparation.go", "prepare.go",
		}},
		"internal/listfile": {against: 0, files: []string{
			"rawreader.go", "utf16.go", "source.go", "archive.go", "compression.go", "listfile.go", "lines.go", "fields.go",
			"separator.go",
		}},
		"internal/verify": {against: 0, files: []string{
			"report.go", "passes.go", "evidencepolicy.go", "evidencerecord.go",
			"evidencemail.go", "family.go", "differences.go", "truth.go", "population.go", "check.go", "truthlist.go", "words.go", "row.go",
			"crosscheck.go", "manifests.go", "plan.go", "othertags.go", "parts.go", "duplicates.go", "totals.go", "merged.go", "verify.go",
		}},
		"internal/dnswire": {against: 0, files: []string{
			"dnswire.go", "name.go", "zone.go", "denial.go", "mixedcase.go", "query.go",
		}},
		"internal/resolver": {against: 2, files: []string{
			"errors.go", "trace.go", "schedule.go", "question.go", "item.go", "wheel.go", "table.go",
			"reading.go", "config.go", "progress.go",
			"upstream.go", "socket.go", "evidence.go", "canary.go", "route.go", "stage.go", "asker.go", "resolver.go",
			"ratelimit.go", "trust.go", "tcp.go", "attempt.go", "probe.go", "burst.go", "watch.go", "report.go",
			"checks.go", "preflight.go", "exchange.go",
			"routeset.go", "sweepstate.go", "lane.go", "moves.go", "laneprogress.go", "slowpath.go",
			"failed.go", "expire.go", "unconfirmed.go", "answer.go", "receive.go", "send.go", "sweep.go",
		}},
		"internal/window": {against: 1, files: []string{
			"cohorts.go", "baseline.go", "latency.go", "throughput.go", "loss.go", "rate.go", "window.go", "log.go",
			"overload.go",
		}},
		"internal/store": {against: 0, files: []string{
			"store.go", "dirfile.go", "dir.go", "config.go", "credentials.go", "s3error.go", "bucket.go", "retry.go",
			"conditions.go", "s3.go", "location.go",
		}},
		"internal/egress": {against: 0, files: []string{
			"manners.go", "budget.go", "chaincache.go", "served.go", "guard.go", "socket.go", "family.go",
			"errors.go", "handshakememory.go", "verify.go", "trace.go", "alert.go", "config.go", "useragent.go",
			"proxy.go", "dialer.go", "slow.go", "candidates.go", "dial.go", "cork.go", "roots.go", "transport.go",
			"handshake.go", "exchange.go", "connect.go", "mail.go",
			"reach.go", "roundtrip.go",
		}},
		"internal/limiter": {against: 0, files: []string{
			"limit.go", "manners.go", "retryafter.go", "address.go", "network.go", "connections.go", "limiter.go",
			"permit.go", "slowhosts.go",
		}},
		"internal/starttls": {against: 0, files: []string{"starttls.go", "results.go", "session.go", "prober.go"}},
		"internal/pipeline": {against: 0, files: []string{
			"batch.go", "surveylog.go", "part.go", "slots.go", "fifo.go", "grace.go", "left.go", "zones.go", "admission.go",
			"speed.go", "performance.go", "stats.go", "record.go", "config.go", "pending.go", "writer.go", "localfaults.go", "revisit.go",
			"surveys.go", "firstpass.go", "measure.go", "round.go", "sieve.go", "vouch.go", "writing.go", "run.go", "repass.go",
		}},
		"internal/crosscheck": {against: 0, files: []string{
			"config.go", "disagreements.go", "tally.go", "questions.go", "crosscheck.go",
		}},
		"internal/udpbatch": {against: 0, files: []string{
			"batch_linux.go", "udpbatch.go", "conn_linux.go", "netconn.go", "server_linux.go", "open.go",
		}},
		"internal/explain": {against: 0, files: []string{
			"reasons.go", "party.go", "findings.go", "mxadvice.go", "advice.go", "layout.go", "verdict.go", "record.go", "checks.go",
			"host.go", "mail.go", "senders.go", "brief.go", "correction.go", "finished.go", "figures.go", "failing.go", "lists.go", "prepared.go", "status.go", "summary.go", "glossary.go",
			"lookup.go", "explain.go",
			"remedies.go",
		}},
		"cmd/stsscan": {against: 2, files: []string{
			"exit.go", "console.go", "flaggroups.go", "help.go", "config.go", "version.go", "world.go",
			"failon.go", "manners.go", "networkflags.go", "interrupt.go", "store.go",
			"metrics.go", "network.go", "preflight.go", "mailflags.go", "completion.go", "listflags.go", "scanflags.go", "scanjob.go", "budgets.go",
			"identity.go", "prepareprogress.go", "watcher.go", "crosscheck.go", "from.go", "prepared.go", "prepare.go",
			"preparecommand.go", "scanrun.go", "finish.go", "fetch.go", "list.go", "cat.go", "schema.go", "verify.go", "diff.go", "simnet.go", "lookup.go", "demo.go",
			"root.go", "main.go",
		}},
		"internal/parquetcol": {against: 1, files: []string{
			"parquetcol.go", "pagevalues.go", "zstdframe.go", "scratch.go", "chunk.go", "column.go", "schema.go",
			"intcolumn.go", "boolcolumn.go", "dictcolumn.go", "textcolumn.go",
			"rowgroup.go",
		}},
		"internal/output": {against: 2, files: []string{
			"partname.go", "fileends.go",
			"performance.go", "trust.go", "shards.go", "mxhost.go", "row_gen.go", "row.go", "schema.go", "names.go", "text.go",
			"json.go", "transient.go", "counts.go", "doubts.go", "partinfo.go", "merged.go", "manifest.go", "manifestread.go", "layout.go",
			"denialrows.go", "full.go", "footerwrite.go", "part.go", "dataset.go", "runid.go", "read.go", "rewrite.go",
			"leafcursor.go", "projection.go", "selection.go", "filter.go", "records.go", "disagreements.go", "surveylog.go",
		}},
	}
}

// TestFiles counts the pairs of files of which one uses what the other declares.
// With -v it prints, for each file, those that it rests on directly: what can be
// reached through one of them is left out, so that the lines make a drawing.
func TestFiles(t *testing.T) {
	for pkg, order := range fileOrders() {
		t.Run(path.Base(pkg), func(t *testing.T) {
			fset := token.NewFileSet()
			uses := fileUses(fset, parsePackage(t, fset, filepath.Join("..", filepath.FromSlash(pkg))))
			height := make(map[string]int)
			for i, file := range order.files {
				if _, ok := uses[file]; !ok {
					t.Errorf("%s stands in the order and does not exist", file)
				}
				height[file] = i + 1
			}
			all := 0
			var against []string
			for _, from := range slices.Sorted(maps.Keys(uses)) {
				if height[from] == 0 {
					t.Fatalf("%s stands nowhere in the order", from)
				}
				for _, to := range slices.Sorted(maps.Keys(uses[from])) {
					all++
					if height[to] > height[from] {
						against = append(against, fmt.Sprintf("%s uses %s of %s", from, uses[from][to], to))
					}
				}
			}
			if n := len(against); n > order.against || 10*n > all {
				t.Errorf("%d of %d dependencies go against the order, at most %d may and one in ten:\n%s",
					n, all, order.against, strings.Join(against, "\n"))
			}
			t.Logf("%d dependencies, %d against the order\n%s", all, len(against), drawing(uses, order.files))
		})
	}
}

// fileUses maps each file to the files of the same package that it depends on,
// each with the names that it uses of it: what is declared at package level, and
// methods, of interfaces too. Fields do not count.
//
// Nothing is imported, so a method is missed where only another package tells
// the type of its receiver.
func fileUses(fset *token.FileSet, files []*ast.File) map[string]map[string]string {
	info := &types.Info{Uses: make(map[*ast.Ident]types.Object)}
	config := types.Config{Importer: noImports{}, Error: func(error) {}}
	own, _ := config.Check("own", fset, files, info) // its errors are about what was not imported

	names := make(map[[2]string][]string)
	for ident, object := range info.Uses {
		function, _ := object.(*types.Func)
		method := function != nil && function.Signature().Recv() != nil
		if object.Pkg() != own || object.Parent() != own.Scope() && !method {
			continue
		}
		pair := [2]string{fileOf(fset, ident), fileOf(fset, object)}
		names[pair] = append(names[pair], object.Name())
	}
	uses := make(map[string]map[string]string)
	for _, file := range files {
		uses[fileOf(fset, file)] = make(map[string]string)
	}
	for pair, used := range names {
		if from, to := pair[0], pair[1]; from != to {
			slices.Sort(used)
			uses[from][to] = strings.Join(slices.Compact(used), ", ")
		}
	}
	return uses
}

// fileOf is the name of the file in which a node or an object stands.
func fileOf(fset *token.FileSet, at interface{ Pos() token.Pos }) string {
	return filepath.Base(fset.Position(at.Pos()).Filename)
}

// noImports gives an empty package for each import.
type noImports struct{}

func (noImports) Import(name string) (*types.Package, error) {
	imported := types.NewPackage(name, path.Base(name))
	imported.MarkComplete()
	return imported, nil
}

// drawing has a line for each file, the highest first, with those of the files
// below that no other one of them leads to.
func drawing(uses map[string]map[string]string, order []string) string {
	below := make(map[string]map[string]bool) // all that a file leads to
	var lines []string
	for i, file := range order {
		below[file] = make(map[string]bool)
		var direct []string
		for _, lower := range slices.Backward(order[:i]) {
			if _, ok := uses[file][lower]; ok && !below[file][lower] {
				direct = append(direct, strings.TrimSuffix(lower, ".go"))
				below[file][lower] = true
				maps.Copy(below[file], below[lower])
			}
		}
		name, rests := strings.TrimSuffix(file, ".go"), cmp.Or(strings.Join(direct, " "), "-")
		lines = append(lines, fmt.Sprintf("%-16s %s", name, rests))
	}
	slices.Reverse(lines)
	return strings.Join(lines, "\n")
}

// parsePackage parses the files of dir that a build for Linux takes.
func parsePackage(t *testing.T, fset *token.FileSet, dir string) []*ast.File {
	t.Helper()
	linux := build.Default
	linux.GOOS, linux.GOARCH, linux.CgoEnabled = "linux", "amd64", false
	pkg, err := linux.ImportDir(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, name := range pkg.GoFiles {
		file, err := parser.ParseFile(fset, filepath.Join(dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

func TestFileUses(t *testing.T) {
	const other = "package p; import \"sync/atomic\"\n" +
		"type T[K any] struct{ Field int; at atomic.Pointer[int] }; func (*T[K]) M() int { return Const }\n" +
		"type I interface{ N() }; var Var T[int]; const Const = 1; func F() *T[int] { return &Var }\n"
	for body, want := range map[string]string{
		"func g() { F() }":                   "F",
		"func g() int { return Const }":      "Const",
		"var v = Var":                        "Var",
		"func g(v I) { v.N() }":              "I, N",
		"type U struct { T[string] }":        "T",
		"func g() { for range F().M() { } }": "F, M",
		// What belongs to a value counts once its type does.
		"func g() int { return F().Field }": "F",
		// Names of one's own, of packages, of locals and of fields are no dependency.
		"func g() { var F, Const int; _, _ = F, Const }":                     "",
		"type U struct { Const int }; func (u U) M() int { return u.Const }": "",
		"import \"strings\"; func g() { strings.F() }":                       "",
	} {
		fset := token.NewFileSet()
		var files []*ast.File
		for name, text := range map[string]string{"a.go": "package p; " + body, "b.go": other} {
			file, err := parser.ParseFile(fset, name, text, 0)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, file)
		}
		if got := fileUses(fset, files)["a.go"]["b.go"]; got != want {
			t.Errorf("%s\nuses %q, want %q", body, got, want)
		}
	}
}
