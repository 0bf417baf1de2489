package fault_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"stsscan/internal/codes"
	"stsscan/internal/fault"
	"stsscan/internal/output"
)

// A judgement is what follows from an error.
type judgement struct {
	ours, out, putOff, until, timedOut bool // by package fault

	record codes.RecordReason // why there is no reply
	stage  codes.Stage        // where retrieval ended, and why
	policy codes.PolicyReason
	tls    codes.TLSError

	mends bool // the domain is asked again
}

func judge(err error) judgement {
	j := judgement{
		ours: fault.Ours(err), out: fault.OutOfReach(err), putOff: fault.PutOff(err),
		until: !fault.Until(err).IsZero(), timedOut: fault.TimedOut(err),
	}
	if said, ok := errors.AsType[codes.RecordFailure](err); ok {
		j.record = said.RecordReason()
	}
	if said, ok := errors.AsType[codes.PolicyFailure](err); ok {
		j.stage, j.policy = said.PolicyStage(), said.PolicyReason()
	}
	if said, ok := errors.AsType[codes.TLSFailure](err); ok {
		j.tls = said.TLSError()
	}
	row := output.Row{Record: string(codes.RecordUnknown), RecordReason: string(j.record)}
	if j.stage != "" {
		row = output.Row{
			Record: string(codes.RecordValid), WildcardSuspected: new(bool),
			PolicyStage: string(j.stage), PolicyReason: string(j.policy),
		}
	}
	j.mends = j.ours || j.putOff || (j.stage != "" || j.record != "") && row.Transient()
	return j
}

// A judged error is one that a type is used for.
type judged struct {
	what string
	err  func(t *testing.T) error
	want judgement
}

// TestErrorTypes makes errors of every type of the house, and holds each against
// what is to follow from it. A new type of error needs a line in errorsOfTheHouse,
// and docs/faults.md one for what it means.
func TestErrorTypes(t *testing.T) {
	table := errorsOfTheHouse()
	declared := errorTypes(t)
	for name := range declared {
		if len(table[name]) == 0 {
			t.Errorf("nothing says whose fault a %s is", name)
		}
	}
	for name, lines := range table {
		if !declared[name] {
			t.Errorf("%s is no type of error", name)
		}
		for _, line := range lines {
			t.Run(name+"/"+line.what, func(t *testing.T) {
				err := line.err(t)
				if got := judge(err); got != line.want {
					t.Errorf("%v:\n%+v, want\n%+v", err, got, line.want)
				}
				if within := typesWithin(err); !slices.Contains(within, name) {
					t.Errorf("%v: has no %s, but %v", err, name, within)
				}
			})
		}
	}
}

// typesWithin are the types in the tree of an error.
func typesWithin(err error) []string {
	if err == nil {
		return nil
	}
	within := []string{strings.TrimPrefix(fmt.Sprintf("%T", err), "*")}
	switch wraps := err.(type) {
	case interface{ Unwrap() error }:
		return append(within, typesWithin(wraps.Unwrap())...)
	case interface{ Unwrap() []error }:
		for _, err := range wraps.Unwrap() {
			within = append(within, typesWithin(err)...)
		}
	}
	return within
}

// errorTypes are the types with a method Error that the packages of the house
// declare, test files left out, each as package.Type.
func errorTypes(t *testing.T) map[string]bool {
	t.Helper()
	found := make(map[string]bool)
	err := filepath.WalkDir("..", func(dir string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		if entry.Name() == "testdata" {
			return fs.SkipDir
		}
		pkg, err := build.ImportDir(dir, 0)
		if none := new(build.NoGoError); errors.As(err, &none) {
			return nil
		}
		if err != nil {
			return err
		}
		fset := token.NewFileSet()
		var files []*ast.File
		for _, name := range pkg.GoFiles {
			file, err := parser.ParseFile(fset, filepath.Join(dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			files = append(files, file)
		}
		for _, name := range errorsAmong(fset, files) {
			found[pkg.Name+"."+name] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		t.Fatal("no types found")
	}
	return found
}

// errorsAmong are the named types with a method Error, be it that of a field.
// Nothing is imported: an embedded type of another package counts by its name.
func errorsAmong(fset *token.FileSet, files []*ast.File) []string {
	config := types.Config{Importer: noImports{}, Error: func(error) {}}
	info := &types.Info{Defs: make(map[*ast.Ident]types.Object)}
	own, _ := config.Check("own", fset, files, info) // its errors are about what was not imported
	names := make(map[string]bool)
	for _, object := range info.Defs {
		name, ok := object.(*types.TypeName)
		if !ok || name.IsAlias() || types.IsInterface(name.Type()) {
			continue
		}
		method, _, _ := types.LookupFieldOrMethod(name.Type(), true, own, "Error")
		if _, ok := method.(*types.Func); ok {
			names[name.Name()] = true
		}
	}
	for _, file := range files {
		ast.Inspect(file, func(node ast.Node) bool {
			spec, ok := node.(*ast.TypeSpec)
			if !ok {
				return true
			}
			if body, ok := spec.Type.(*ast.StructType); ok && slices.ContainsFunc(body.Fields.List, embedsForeignError) {
				names[spec.Name.Name] = true
			}
			return true
		})
	}
	return slices.Sorted(maps.Keys(names))
}

func embedsForeignError(field *ast.Field) bool {
	kind := field.Type
	if pointer, ok := kind.(*ast.StarExpr); ok {
		kind = pointer.X
	}
	foreign, ok := kind.(*ast.SelectorExpr)
	return ok && len(field.Names) == 0 && strings.HasSuffix(foreign.Sel.Name, "Error")
}

// noImports gives an empty package for each import.
type noImports struct{}

func (noImports) Import(name string) (*types.Package, error) {
	imported := types.NewPackage(name, filepath.Base(name))
	imported.MarkComplete()
	return imported, nil
}

func TestErrorsAmong(t *testing.T) {
	const text = `package p
		import "net"
		type plain struct{ err error }
		type value struct{}
		func (value) Error() string { return "" }
		type pointer struct{}
		func (*pointer) Error() string { return "" }
		type embeds struct{ error }
		type inherits struct{ *pointer }
		type foreign struct{ *net.OpError }
		type failure interface{ error; Why() string }
		type alias = pointer
		func f() { type local struct{ error } }`
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "p.go", text, 0)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"embeds", "foreign", "inherits", "local", "pointer", "value"}
	if got := errorsAmong(fset, []*ast.File{file}); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
