// Package internal_test holds the floors of the house.
package internal_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// floors is the order of the packages, from the ground up. A package imports
// only packages on floors below its own, never a neighbour; test files may look
// anywhere. This is a statement of policy: do not change it to fix a build.
func floors() [][]string {
	return [][]string{
		{"internal/codes", "internal/durable", "internal/filesum", "internal/jsontext", "internal/descriptors", "internal/fault", "internal/suffixes", "internal/duplicates", "internal/dnswire", "internal/forgery", "internal/monitor", "internal/resolvconf", "internal/udpbatch", "internal/window", "internal/limiter", "internal/machine", "internal/terminal", "internal/config", "internal/listfile", "internal/parquetcol", "internal/output/rowgen"},
		{"internal/mtasts", "internal/domains", "internal/resolver", "internal/egress", "internal/starttls", "internal/output", "internal/simnet", "internal/store", "inputs"},
		{"internal/survey", "internal/merge", "internal/mirror", "internal/store/storetest", "internal/claim"},
		{"internal/pipeline", "internal/crosscheck", "internal/queue", "internal/verify", "internal/explain", "internal/metrics"},
		{"internal/portfolio", "internal/changes", "internal/rundir"},
		{"cmd/stsscan", "bench/responder", "bench/names", "bench/measure", "bench/digcheck", "bench/sieve", "bench/fetch", "bench/relay", "bench/oddservers", "bench/rows"},
	}
}

// doors says which packages alone may import a module: the seams that let a
// library be replaced, and the places where sockets are opened.
func doors() map[string][]string {
	return map[string][]string{
		"github.com/miekg/dns":                {"internal/mtasts", "internal/resolver", "internal/simnet"},
		"github.com/parquet-go/parquet-go":    {"internal/output", "internal/parquetcol"},
		"code.dny.dev/ssrf":                   {"internal/egress"},
		"github.com/spf13/cobra":              {"cmd/stsscan"},
		"github.com/therootcompany/xz":        {"internal/listfile"},
		"github.com/schollz/progressbar/v3":   {"internal/terminal"},
		"github.com/prometheus/client_golang": {"internal/metrics"},
		"github.com/knadh/koanf":              {"internal/config"},
		"go.yaml.in/yaml":                     {"internal/config"},
		"github.com/charmbracelet/x/vt":       {}, // tests only
		"github.com/minio/minio-go":           {"internal/store"},
		"net/http":                            {"internal/mtasts", "internal/egress", "internal/metrics", "internal/store", "internal/store/storetest", "bench/fetch", "bench/oddservers"},
		"crypto/tls":                          {"internal/mtasts", "internal/egress", "internal/simnet", "internal/store", "bench/fetch", "bench/relay", "bench/oddservers"},
	}
}

const module = "stsscan/"

// ownModule is a module of its own, as analysis is: no package of the house can
// import it.
var ownModule = filepath.Join("..", "bench", "dnsx")

func TestFloors(t *testing.T) {
	level := make(map[string]int)
	for i, floor := range floors() {
		for _, pkg := range floor {
			level[pkg] = i
		}
	}
	seen := make(map[string]bool)
	for pkg, imports := range packageImports(t) {
		own, ok := level[pkg]
		if !ok {
			t.Errorf("%s stands on no floor", pkg)
			continue
		}
		seen[pkg] = true
		for _, imported := range imports {
			below, ok := strings.CutPrefix(imported, module)
			if ok && level[below] >= own {
				t.Errorf("%s (floor %d) imports %s (floor %d)", pkg, own, below, level[below])
			}
		}
	}
	for pkg := range level {
		if !seen[pkg] {
			t.Errorf("%s stands on a floor and does not exist", pkg)
		}
	}
}

func TestDoors(t *testing.T) {
	for pkg, imports := range packageImports(t) {
		for _, imported := range imports {
			for module, allowed := range doors() {
				if (imported == module || strings.HasPrefix(imported, module+"/")) && !slices.Contains(allowed, pkg) {
					t.Errorf("%s imports %s: only %v may", pkg, imported, allowed)
				}
			}
		}
	}
}

// packageImports maps each package of the module, test files left out, to what
// it imports.
func packageImports(t *testing.T) map[string][]string {
	t.Helper()
	imports := make(map[string][]string)
	err := filepath.WalkDir("..", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "testdata" || entry.Name() == "analysis" || name == ownModule ||
			strings.HasPrefix(entry.Name(), ".") && entry.Name() != ".."):
			return filepath.SkipDir
		case !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		pkg := path.Dir(strings.TrimPrefix(filepath.ToSlash(name), "../"))
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			imports[pkg] = append(imports[pkg], imported)
		}
		if imports[pkg] == nil {
			imports[pkg] = []string{}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(imports) == 0 {
		t.Fatal("no packages found")
	}
	return imports
}
