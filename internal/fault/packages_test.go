package fault_test

import (
	"errors"
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
)

// errorTypes are the types with a method Error that the packages of the project declare, each as package.Type.
func errorTypes(t *testing.T) map[string]bool {
	t.Helper()
	found := make(map[string]bool)
	eachPackage(t, func(pkg string, fset *token.FileSet, files []*ast.File) {
		for _, name := range errorsAmong(fset, files) {
			found[pkg+"."+name] = true
		}
	})
	return found
}

// eachPackage parses the packages of the project one by one, test files left out.
func eachPackage(t *testing.T, see func(name string, fset *token.FileSet, files []*ast.File)) {
	t.Helper()
	seen := 0
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
		seen++
		see(pkg.Name, fset, files)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen == 0 {
		t.Fatal("no packages found")
	}
}

// errorsAmong are the named types with a method Error, even that of a field. Nothing is imported: an embedded
// type of another package counts by its name.
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
