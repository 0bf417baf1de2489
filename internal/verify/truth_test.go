package verify

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"stsscan/internal/codes"
	"stsscan/internal/output"
	"stsscan/internal/simnet"
)

func whole() (*output.Row, simnet.Truth) {
	row := &output.Row{
		Record: "valid", RecordReason: "other_txt", Error: "ErrPolicyFetch", RecordID: "1", CNAMEs: []string{"a.example", "b.example"},
		Policy: "unreachable", PolicyStage: "tls", PolicyReason: "expired", TLSError: "expired", HTTPStatus: new(int32(200)),
		Mode: "enforce", MaxAge: new(int64(0)), MXPatterns: []string{"*.example"}, Strict: new(false), Lenient: new(true),
		HostCNAMEs: []string{"c.example"},
	}
	return row, simnet.Truth{
		Class: "a story", Record: codes.RecordValid, RecordReason: codes.RecordOtherTXT, RecordID: "1",
		CNAMEs: []string{"a.example", "b.example"}, Error: codes.ErrPolicyFetch,
		Policy: codes.PolicyUnreachable, Stage: codes.StageTLS, Reason: "expired", TLSError: codes.TLSExpired, HTTPStatus: 200,
		HostCNAMEs: []string{"c.example"}, Mode: codes.ModeEnforce, MaxAge: new(int64(0)), MX: []string{"*.example"},
		Strict: new(false), Lenient: new(true),
	}
}

// Every field of a truth counts: changed, it differs; empty, it differs where
// the truth is complete, and says nothing where it is not.
func TestCompareTruth(t *testing.T) {
	columns := map[string]string{
		"Record": "record", "RecordReason": "record_reason", "RecordID": "record_id", "CNAMEs": "cnames", "Error": "error",
		"Policy": "policy", "Stage": "policy_stage", "Reason": "policy_reason", "TLSError": "tls_error", "HTTPStatus": "http_status",
		"HostCNAMEs": "host_cnames", "Mode": "mode", "MaxAge": "max_age", "MX": "mx_patterns", "Strict": "strict", "Lenient": "lenient",
	}
	if row, truth := whole(); CompareTruth(row, truth) != nil {
		t.Fatal(CompareTruth(row, truth))
	}
	fields := reflect.TypeFor[simnet.Truth]()
	for i := range fields.NumField() {
		name := fields.Field(i).Name
		if name == "Class" {
			continue
		}
		column, ok := columns[name]
		if !ok {
			t.Errorf("%s of a truth is compared with nothing", name)
			continue
		}
		says := func(what string, truth simnet.Truth, want bool) {
			row, _ := whole()
			got := CompareTruth(row, truth)
			if want && (len(got) != 1 || !strings.HasPrefix(got[0], column+": got ")) || !want && got != nil {
				t.Errorf("%s %s: %q", name, what, got)
			}
		}
		_, changed := whole()
		switch f := reflect.ValueOf(&changed).Elem().Field(i); f.Kind() {
		case reflect.String:
			f.SetString("another")
		case reflect.Int:
			f.SetInt(404)
		case reflect.Slice:
			f.Set(reflect.ValueOf([]string{"another.example"}))
		case reflect.Pointer:
			_, other := whole()
			f = reflect.ValueOf(&other).Elem().Field(i).Elem()
			if f.Kind() == reflect.Bool {
				f.SetBool(!f.Bool())
			} else {
				f.SetInt(7)
			}
			changed = other
		}
		says("changed", changed, true)
		_, empty := whole()
		reflect.ValueOf(&empty).Elem().Field(i).SetZero()
		says("empty, complete", empty, true)
		empty.Class = ""
		says("empty, not complete", empty, false)
	}
}

func TestCompareTruthInWords(t *testing.T) {
	row, truth := whole()
	row.Mode, row.MaxAge, row.HTTPStatus, row.CNAMEs = "", nil, nil, nil
	want := []string{
		`cnames: got [], want ["a.example" "b.example"]`,
		"http_status: got NULL, want 200",
		`mode: got NULL, want "enforce"`,
		"max_age: got NULL, want 0",
	}
	if got := CompareTruth(row, truth); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
