package render

import (
	"bytes"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"check_imap_session/internal/judge"
	"check_imap_session/internal/report"
)

// TestSchema holds outputs of all kinds of runs to the published schema.
func TestSchema(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("../../contrib/json/check_imap_session.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	outputs := map[string][]byte{"message": JSONMessage(good(), finding("usage", "no host", "give -H"), Options{})}
	for name, r := range map[string]*report.Report{
		"good": good(), "bad": failAt("login", no("LIMIT", "no")), "several": twoAddresses(), "nothing": {},
	} {
		v := judge.Judge(r, judge.Policy{Rules: []judge.Rule{rule(t, "time", "0.1", "5")}})
		outputs[name] = JSON(r, v, Options{Version: "1.2.3", Verbosity: 3})
	}
	for name, out := range outputs {
		if err := validate(t, schema, out); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
	for wrong, right := range map[string]string{`{"bogus":1,"schema":1,`: `{"schema":1,`, `"state":"FINE"`: `"state":"OK"`, `"port":"993"`: `"port":993`} {
		out := JSON(good(), report.Verdict{}, Options{})
		bad := bytes.Replace(out, []byte(right), []byte(wrong), 1)
		if bytes.Equal(out, bad) || validate(t, schema, bad) == nil {
			t.Errorf("the schema takes %s", wrong)
		}
	}
}

func validate(t *testing.T, schema *jsonschema.Schema, out []byte) error {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Validate(value)
}
