package codes

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"
)

// Each word is in the list of its set: those that read tables know it by the list.
func TestListsAreComplete(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	words := make(map[string]string)           // type of each constant
	listed := make(map[string]map[string]bool) // names in the lists of each type
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".go") || strings.HasSuffix(entry.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), entry.Name(), nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			switch decl := decl.(type) {
			case *ast.GenDecl:
				noteWords(decl, words)
			case *ast.FuncDecl:
				noteList(decl, listed)
			}
		}
	}
	if len(words) < 200 {
		t.Errorf("%d words", len(words))
	}
	for word, set := range words {
		if !listed[set][word] {
			t.Errorf("%s is in no list of %ss", word, set)
		}
	}
}

// noteWords notes constants that have a type.
func noteWords(decl *ast.GenDecl, words map[string]string) {
	for _, spec := range decl.Specs {
		if values, ok := spec.(*ast.ValueSpec); ok && decl.Tok == token.CONST {
			if set, ok := values.Type.(*ast.Ident); ok {
				words[values.Names[0].Name] = set.Name
			}
		}
	}
}

// noteList notes what a function names that lists a set.
func noteList(decl *ast.FuncDecl, listed map[string]map[string]bool) {
	if !strings.Contains(decl.Doc.Text(), " lists every ") {
		return
	}
	set := decl.Type.Results.List[0].Type.(*ast.ArrayType).Elt.(*ast.Ident).Name
	if listed[set] == nil {
		listed[set] = make(map[string]bool)
	}
	ast.Inspect(decl.Body, func(n ast.Node) bool {
		if ident, ok := n.(*ast.Ident); ok {
			listed[set][ident.Name] = true
		}
		return true
	})
}
