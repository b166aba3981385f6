package gen

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"check_imap_session/internal/argv"
)

// The basket's own names. They differ from the CheckCommand of the package,
// imap_session, which the Director imports as an external command: Icinga does not
// start with two commands of one name. The variables are the same.
const (
	directorCommand  = "cmd-check-imap-session"
	directorTemplate = "tpl-service-imap-session"
	directorNoLogin  = "tpl-service-imap-session-no-login"
)

// director writes a basket for Icinga Director, 1.10 and later: the command, its
// fields, and service templates that use it. It refers to nothing outside
// itself, as a missing reference stops the import.
//
// No object has a uuid: with one, Director 1.10 refuses commands and templates
// and adds every field again. Without one, all versions find an object by its
// name, and a field by all that it says.
func director(m Model) []byte {
	arguments, fields, categories, lists := map[string]any{}, map[string]any{}, map[string]any{}, map[string]any{}
	var links []any
	order := groups(m)
	for i, f := range kept(m, "director") {
		arguments[f.key()] = directorArgument(f)
		fields[strconv.Itoa(i+1)] = directorField(f, order)
		links = append(links, map[string]any{"datafield_id": i + 1, "is_required": "n", "var_filter": nil})
		if name := f.category(); name != nil {
			categories[*name] = map[string]any{"category_name": name, "description": nil}
		}
		if f.listed() {
			lists[f.list()] = directorList(f)
		}
	}
	basket := map[string]any{
		"Command": map[string]any{directorCommand: map[string]any{
			"object_name": directorCommand, "object_type": "object",
			"command":         "PluginContribDir + /check_imap_session",
			"methods_execute": "PluginCheck", "timeout": "60",
			"arguments": arguments, "fields": links,
			"disabled": false, "imports": []any{}, "is_string": nil, "zone": nil,
			"vars": map[string]any{"imap_session_hostname": "$host.name$", "imap_session_address": "$address$"},
		}},
		"DataList":          lists,
		"DatafieldCategory": categories,
		"Datafield":         fields,
		"ServiceTemplate": map[string]any{
			directorTemplate: directorService(directorTemplate, "A whole IMAP session, step by step, with the time of each.", map[string]any{}),
			directorNoLogin: directorService(directorNoLogin, "An IMAP session without an account: connect, TLS, greeting, capabilities.",
				map[string]any{"imap_session_auth": "none"}),
		},
	}
	var p page
	enc := json.NewEncoder(&p)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	_ = enc.Encode(basket) // strings, numbers and maps of them
	return p.Bytes()
}

func directorArgument(f flag) map[string]any {
	macro := "$" + f.variable() + "$"
	a := map[string]any{"description": f.help}
	switch {
	case f.shape == argv.Switch:
		a["set_if"], a["set_if_format"] = macro, "string"
	case f.oneWord():
		a["value"], a["skip_key"] = "--"+f.name+"="+macro, true
	default:
		a["value"] = macro
	}
	if f.repeats {
		a["repeat_key"] = true
	}
	switch f.name {
	case "hostname":
		a["required"], a["order"] = true, "-2"
	case "address":
		a["order"] = "-1"
	}
	return a
}

func directorField(f flag, groups []string) map[string]any {
	kind, settings := "String", map[string]any{"visibility": "visible"}
	switch {
	case f.listed():
		kind, settings = "Datalist", map[string]any{"behavior": "strict", "data_type": "string", "datalist": f.list()}
		if f.repeats {
			settings["data_type"] = "array"
		}
	case f.shape == argv.Switch:
		kind, settings = "Boolean", map[string]any{}
	case f.shape == argv.Counter:
		kind, settings = "Number", map[string]any{}
	case f.repeats:
		kind, settings = "Array", map[string]any{}
	}
	return map[string]any{
		"varname": f.variable(), "caption": f.sortedCaption(groups), "category": f.category(),
		"description": f.help, "datatype": `Icinga\Module\Director\DataType\DataType` + kind,
		"format": nil, "settings": settings,
	}
}

// listed says that the form offers a drop-down of the flag's words.
func (f flag) listed() bool { return len(f.words) > 0 && !f.keyed }

// list is the name of the Director's list of these words.
func (f flag) list() string { return "IMAP session: " + f.caption() }

func directorList(f flag) map[string]any {
	var entries []any
	for _, w := range f.words {
		entries = append(entries, map[string]any{"entry_name": w, "entry_value": w, "format": "string", "allowed_roles": nil})
	}
	return map[string]any{"list_name": f.list(), "owner": "check_imap_session", "entries": entries}
}

// firstFields are the flags that the form shows first, in this order.
var firstFields = []string{"hostname", "address", "tls", "username", "password-file", "mailbox", "warning", "critical"}

// groups returns the headings of the help in their order.
func groups(m Model) []string {
	var titles []string
	for _, f := range flags(m) {
		if !slices.Contains(titles, f.group) {
			titles = append(titles, f.group)
		}
	}
	return titles
}

// category is the heading in the Director's form. Fields without one come first.
func (f flag) category() *string {
	if slices.Contains(firstFields, f.name) {
		return nil
	}
	name := "IMAP session: " + f.group
	return &name
}

// sortedCaption puts blanks before the caption, by which the Director sorts
// fields, and by their first field the headings. Browsers do not show them.
func (f flag) sortedCaption(groups []string) string {
	blanks := len(groups) - slices.Index(groups, f.group)
	if i := slices.Index(firstFields, f.name); i >= 0 {
		blanks = len(firstFields) - i
	}
	return strings.Repeat(" ", blanks) + f.caption()
}

// directorService is a service template. The Director requires every key.
func directorService(name, notes string, vars map[string]any) map[string]any {
	s := map[string]any{
		"object_name": name, "object_type": "template",
		"check_command": directorCommand, "check_interval": 300, "retry_interval": 60, "max_check_attempts": 3,
		"enable_perfdata": true, "disabled": false, "fields": []any{}, "groups": []any{}, "imports": []any{},
		"vars": vars, "notes": notes,
	}
	none := map[string]any{}
	for key := range strings.FieldsSeq(`action_url apply_for assign_filter check_period check_timeout command_endpoint display_name
		enable_active_checks enable_event_handler enable_flapping enable_notifications enable_passive_checks
		event_command flapping_threshold_high flapping_threshold_low host icon_image icon_image_alt
		notes_url service_set template_choice use_agent use_var_overrides volatile zone`) {
		none[key] = nil
	}
	maps.Copy(none, s)
	return none
}
