// SPDX-License-Identifier: Apache-2.0
// The filter as text and as chips; both are the same, and the address keeps it.
import {
  Alert,
  Button,
  Label,
  LabelGroup,
  MenuToggle,
  Select,
  SelectList,
  SelectOption,
  TextInput,
} from "@patternfly/react-core";
import { type FormEvent, type RefObject, useEffect, useState } from "react";
import { useText } from "../i18n";
import { type Fault, type Filter, type Key, parse, without, withWord, wordText } from "../lib/query";
import { kSeverities } from "../parts/Marks";

interface FilterBarProps {
  text: string;
  filter: Filter;
  change: (text: string) => void;
  input: RefObject<HTMLInputElement | null>;
}

function FaultLine({ fault }: { fault: Fault }) {
  const { t } = useText();
  const known = fault.known.join(", ");
  return <li>{t(`fault.${fault.kind}`, { word: fault.word, known })}</li>;
}

interface PickProps {
  label: string;
  of: Key;
  values: readonly string[];
  name: (value: string) => string;
  text: string;
  change: (text: string) => void;
}

/** Several values of one key. */
function Pick({ label, of, values, name, text, change }: PickProps) {
  const [open, setOpen] = useState(false);
  const chosen =
    parse(text)
      .words.find((word) => word.key === of)
      ?.value.split(",") ?? [];
  const toggle = (value: string) => {
    const next = chosen.includes(value) ? chosen.filter((one) => one !== value) : [...chosen, value];
    const rest = withWord(text, { key: of, value: next.join(",") });
    change(next.length > 0 ? rest : without(text, { key: of, value: chosen.join(",") }));
  };
  return (
    <Select
      role="menu"
      isOpen={open}
      onOpenChange={setOpen}
      onSelect={(_, value) => toggle(String(value))}
      toggle={(ref) => (
        <MenuToggle ref={ref} isExpanded={open} onClick={() => setOpen(!open)}>
          {label}
        </MenuToggle>
      )}
    >
      <SelectList>
        {values.map((value) => (
          <SelectOption key={value} value={value} hasCheckbox isSelected={chosen.includes(value)}>
            {name(value)}
          </SelectOption>
        ))}
      </SelectList>
    </Select>
  );
}

const kStates = ["new", "in_review", "confirmed", "justified", "false_positive", "closed"] as const;

export function FilterBar({ text, filter, change, input }: FilterBarProps) {
  const { t } = useText();
  const [typed, setTyped] = useState(text);
  useEffect(() => setTyped(text), [text]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change(typed.trim());
    input.current?.blur();
  };
  return (
    <div className="filter">
      <search>
        <form className="row" onSubmit={submit}>
          <TextInput
            ref={input}
            type="search"
            value={typed}
            onChange={(_, value) => setTyped(value)}
            onKeyDown={(event) => event.key === "Escape" && input.current?.blur()}
            aria-label={t("filter.label")}
            placeholder={t("filter.example")}
            validated={filter.faults.length > 0 ? "error" : "default"}
            className="mono filter-text"
            spellCheck={false}
          />
          <Button type="submit" variant="secondary">
            {t("filter.apply")}
          </Button>
          <Pick
            label={t("column.severity")}
            of="severity"
            values={kSeverities}
            name={(value) => t(`severity.${value as (typeof kSeverities)[number]}`)}
            text={text}
            change={change}
          />
          <Pick
            label={t("column.state")}
            of="state"
            values={kStates}
            name={(value) => t(`state.${value as (typeof kStates)[number]}`)}
            text={text}
            change={change}
          />
        </form>
      </search>
      {filter.faults.length > 0 ? (
        <Alert isInline variant="danger" title={t("fault.title")}>
          <ul>
            {filter.faults.map((fault) => (
              <FaultLine key={fault.word} fault={fault} />
            ))}
          </ul>
        </Alert>
      ) : null}
      {filter.words.length > 0 ? (
        <div className="row">
          <LabelGroup aria-label={t("filter.chips")} numLabels={12}>
            {filter.words.map((word) => (
              <Label
                key={wordText(word)}
                variant="outline"
                onClose={() => change(without(text, word))}
                closeBtnAriaLabel={t("filter.remove", { word: wordText(word) })}
              >
                {wordText(word)}
              </Label>
            ))}
          </LabelGroup>
          <Button variant="link" isInline onClick={() => change("")}>
            {t("filter.clear")}
          </Button>
        </div>
      ) : null}
    </div>
  );
}
