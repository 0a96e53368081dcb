/**
 * What an expression may call: functions of the engine whose result depends on their arguments alone, now and at every
 * later run. By name, because the engine itself calls `current_setting` and `age` consistent. Aggregates, macros that
 * look at the session, functions that read files and those whose result can be of any size are not among them.
 */
const BY_KIND = {
  text: `|| concat concat_ws lower lcase upper ucase trim ltrim rtrim left right substring substr length len char_length
    character_length strlen replace translate reverse lpad rpad contains starts_with ^@ prefix ends_with suffix strpos
    instr position split_part string_split split str_split regexp_matches regexp_full_match regexp_replace
    regexp_extract regexp_extract_all regexp_split_to_array ascii chr unicode ord strip_accents nfc_normalize format
    printf ~~ !~~ ~~* !~~* ~~~ like_escape not_like_escape ilike_escape not_ilike_escape md5 sha1 sha256 hex to_hex unhex
    from_hex base64 to_base64 from_base64 encode decode url_encode url_decode levenshtein`,
  number: `+ - * / // % ** ^ & | << >> ~ xor abs round round_even ceil ceiling floor trunc sign sqrt cbrt power pow exp
    ln log log2 log10 mod fmod fdiv greatest least gcd lcm pi sin cos tan asin acos atan atan2 radians degrees isnan
    isfinite isinf nullif`,
  time: `date_part datepart date_trunc datetrunc date_diff datediff date_sub datesub date_add make_date make_time
    make_timestamp make_timestamptz strftime strptime try_strptime year quarter month week weekofyear day dayofmonth
    dayofweek dayofyear isodow isoyear yearweek weekday monthname dayname last_day hour minute second millisecond
    microsecond epoch epoch_ms epoch_us epoch_ns to_timestamp to_years to_months to_weeks to_days to_hours to_minutes
    to_seconds to_milliseconds to_microseconds time_bucket timezone century decade`,
  nested: `->> json_extract json_extract_string json_extract_path json_extract_path_text json_value json_array_length
    json_type json_keys json_valid json_exists json_contains json_array json_object json_merge_patch json_quote to_json
    list_value struct_pack array_extract list_extract list_element list_contains list_has array_contains list_position
    list_slice array_slice list_concat list_sort list_reverse array_to_string struct_extract`,
};

export const EXPRESSION_FUNCTIONS: ReadonlySet<string> = new Set(
  Object.values(BY_KIND).join(' ').split(/\s+/),
);
