package internal_test

import (
	"fmt"
	"go/ast"
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

// onceAPackage are words that come easily to many functions of a scanner, and so
// meant several things. Each is declared at most once in a package.
var onceAPackage = []string{"settle", "conclude", "again", "visit"}

// TestHiddenNames fails for each field or method of an embedded struct that a
// name nearer to the outside hides: a reader who sees the name could not tell
// whose it is. An embedded interface may be overridden, as decorators do.
func TestHiddenNames(t *testing.T) {
	program := newProgram(t)
	for _, pkg := range program.packages() {
		for _, name := range program.load(pkg).Scope().Names() {
			named, ok := program.load(pkg).Scope().Lookup(name).(*types.TypeName)
			if !ok {
				continue
			}
			for _, hidden := range hiddenNames(named.Type()) {
				t.Errorf("%s: %s", pkg, hidden)
			}
		}
	}
}

// TestWordsOfOneMeaning counts what each package declares by each of
// onceAPackage: functions, methods, types, fields and variables, local ones too.
func TestWordsOfOneMeaning(t *testing.T) {
	program := newProgram(t)
	for _, pkg := range program.packages() {
		program.load(pkg)
		found := make(map[string][]string)
		for ident, object := range program.infos[pkg].Defs {
			word := strings.ToLower(ident.Name)
			if object != nil && slices.Contains(onceAPackage, word) {
				at := program.fset.Position(ident.Pos())
				found[word] = append(found[word], fmt.Sprintf("%s:%d", filepath.Base(at.Filename), at.Line))
			}
		}
		for word, places := range found {
			if slices.Sort(places); len(places) > 1 {
				t.Errorf("%s declares %q %d times: %s", pkg, word, len(places), strings.Join(places, " "))
			}
		}
	}
}

// hiddenNames has a line for each name that the struct t gets by embedding and
// that is not what one finds under this name in t.
func hiddenNames(t types.Type) []string {
	outer, ok := t.Underlying().(*types.Struct)
	if !ok {
		return nil
	}
	var hidden []string
	for field := range outer.Fields() {
		if _, ok := pointee(field.Type()).Underlying().(*types.Struct); !ok || !field.Embedded() {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(memberNames(field.Type()))) {
			inner, _, _ := types.LookupFieldOrMethod(field.Type(), true, field.Pkg(), name)
			found, _, _ := types.LookupFieldOrMethod(t, true, field.Pkg(), name)
			if inner != nil && found != inner {
				hidden = append(hidden, fmt.Sprintf("%s hides %s of the embedded %s", t, name, field.Name()))
			}
		}
	}
	return hidden
}

// memberNames are the names of the fields and methods of t, those that it gets
// by embedding included.
func memberNames(t types.Type) map[string]bool {
	names := make(map[string]bool)
	t = pointee(t)
	if named, ok := t.(*types.Named); ok {
		for method := range named.Methods() {
			names[method.Name()] = true
		}
	}
	if fields, ok := t.Underlying().(*types.Struct); ok {
		for field := range fields.Fields() {
			names[field.Name()] = true
			if field.Embedded() {
				maps.Copy(names, memberNames(field.Type()))
			}
		}
	}
	return names
}

func pointee(t types.Type) types.Type {
	if pointer, ok := t.Underlying().(*types.Pointer); ok {
		return pointer.Elem()
	}
	return t
}

// A program is the module's packages with their types. What they import from
// elsewhere is empty.
type program struct {
	t     *testing.T
	fset  *token.FileSet
	paths []string
	types map[string]*types.Package
	infos map[string]*types.Info
}

func newProgram(t *testing.T) *program {
	paths := slices.Sorted(maps.Keys(packageImports(t)))
	return &program{t, token.NewFileSet(), paths, make(map[string]*types.Package), make(map[string]*types.Info)}
}

func (p *program) packages() []string { return p.paths }

// load checks the types of a package, which is named as in floors.
func (p *program) load(pkg string) *types.Package {
	if loaded, ok := p.types[pkg]; ok {
		return loaded
	}
	files := parsePackage(p.t, p.fset, filepath.Join("..", filepath.FromSlash(pkg)))
	p.infos[pkg] = &types.Info{Defs: make(map[*ast.Ident]types.Object), Uses: make(map[*ast.Ident]types.Object)}
	config := types.Config{Importer: p, Error: func(error) {}} // its errors are about what is empty
	p.types[pkg], _ = config.Check(module+pkg, p.fset, files, p.infos[pkg])
	return p.types[pkg]
}

// Import makes program a types.Importer.
func (p *program) Import(name string) (*types.Package, error) {
	if own, ok := strings.CutPrefix(name, module); ok {
		return p.load(own), nil
	}
	imported := types.NewPackage(name, path.Base(name))
	imported.MarkComplete()
	return imported, nil
}

func TestHiddenNamesOfATable(t *testing.T) {
	for text, want := range map[string]int{
		"type a struct{ x int }; type b struct{ a; y int }":                      0,
		"type a struct{ x int }; type b struct{ a; x int }":                      1,
		"type a struct{ x int }; type b struct{ *a; x int }":                     1,
		"type a struct{ x int }; type b struct{ *a }; func (b) x() {}":           1,
		"type a struct{}; func (*a) x() {}; type b struct{ a }; func (b) x() {}": 1,
		"type a struct{ x int }; type b struct{ a }; type c struct{ b; x int }":  1,
		"type a struct{ x int }; type b struct{ x int }; type c struct{ a; b }":  2,
		"type a interface{ x() }; type b struct{ a }; func (b) x() {}":           0,
		"type a struct{ x int }; type b struct{ a a; x int }":                    0,
		"type a[T any] struct{ x T }; type b struct{ a[int]; x int }":            1,
	} {
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, "p.go", "package p; "+text, 0)
		if err != nil {
			t.Fatal(err)
		}
		pkg, err := new(types.Config).Check("p", fset, []*ast.File{file}, nil)
		if err != nil {
			t.Fatal(err)
		}
		var hidden []string
		for _, name := range pkg.Scope().Names() {
			hidden = append(hidden, hiddenNames(pkg.Scope().Lookup(name).Type())...)
		}
		if len(hidden) != want {
			t.Errorf("%s\nhides %q, want %d", text, hidden, want)
		}
	}
}
