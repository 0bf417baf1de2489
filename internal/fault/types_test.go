package fault_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/token"
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

	temporary bool // the domain is asked again
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
	j.temporary = j.ours || j.putOff || (j.stage != "" || j.record != "") && row.Transient()
	return j
}

// A judged error is an example of its type.
type judged struct {
	what string
	err  func(t *testing.T) error
	want judgement
}

// TestErrorTypes makes errors of every type of the project, and checks what follows from each. A new type of
// error needs a line in projectErrors and in docs/faults.md.
func TestErrorTypes(t *testing.T) {
	table := projectErrors()
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

// Only the interfaces of fault and codes are used to find out whose fault an error is, and why it came.
func TestOneWayToAsk(t *testing.T) {
	methods := []string{
		"Local", "OutOfReach", "Later", "Until", "Timeout", "RecordReason", "PolicyStage", "PolicyReason", "TLSError",
	}
	eachPackage(t, func(name string, fset *token.FileSet, files []*ast.File) {
		if name == "fault" || name == "codes" {
			return
		}
		for _, file := range files {
			ast.Inspect(file, func(node ast.Node) bool {
				asked, ok := node.(*ast.InterfaceType)
				if !ok {
					return true
				}
				for _, method := range asked.Methods.List {
					if len(method.Names) == 1 && slices.Contains(methods, method.Names[0].Name) {
						t.Errorf("%s: asks for %s", fset.Position(method.Pos()), method.Names[0].Name)
					}
				}
				return true
			})
		}
	})
}
