// SPDX-License-Identifier: Apache-2.0
// CodeMirror for policy texts. It lives in a shadow root: there its styles are constructed style sheets, which the
// content security policy allows, while <style> elements of the page are not.
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import {
  bracketMatching,
  foldGutter,
  HighlightStyle,
  indentUnit,
  syntaxHighlighting,
} from "@codemirror/language";
import { type Diagnostic, lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { MergeView } from "@codemirror/merge";
import { EditorState, type Extension } from "@codemirror/state";
import { EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { type Ref, useEffect, useImperativeHandle, useRef } from "react";
import type { Mistake } from "../api/client";

const look = EditorView.theme({
  "&": { color: "var(--weir-text)", backgroundColor: "var(--weir-surface)", fontSize: "0.875rem" },
  ".cm-content": { caretColor: "var(--weir-text)", fontFamily: "var(--weir-mono)" },
  ".cm-gutters": {
    color: "var(--weir-quiet)",
    backgroundColor: "var(--weir-surface)",
    borderRight: "1px solid var(--weir-line)",
  },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--weir-active-line)" },
  "&.cm-focused": { outline: "2px solid var(--weir-focus)" },
  "&.cm-focused .cm-cursor": { borderLeftColor: "var(--weir-text)" },
  ".cm-selectionBackground, &.cm-focused .cm-selectionBackground": {
    backgroundColor: "var(--weir-selection) !important",
  },
  ".cm-tooltip": {
    color: "var(--weir-text)",
    backgroundColor: "var(--weir-raised)",
    border: "1px solid var(--weir-line)",
  },
  ".cm-scroller": { minHeight: "20rem", maxHeight: "60vh", overflow: "auto" },
  ".cm-changedLine": { backgroundColor: "var(--weir-changed-line) !important" },
  ".cm-changedText": { background: "var(--weir-changed-text) !important" },
  ".cm-deletedChunk": { backgroundColor: "var(--weir-removed-line)" },
  ".cm-collapsedLines": { color: "var(--weir-quiet)", background: "var(--weir-active-line)" },
});

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--weir-code-key)" },
  { tag: [tags.string, tags.content, tags.attributeValue], color: "var(--weir-text)" },
  { tag: [tags.number, tags.bool, tags.keyword], color: "var(--weir-code-value)" },
  { tag: [tags.comment, tags.lineComment], color: "var(--weir-quiet)" },
]);

const common = (label: string): Extension => [
  look,
  yaml(),
  syntaxHighlighting(colours),
  lineNumbers(),
  EditorView.lineWrapping,
  EditorView.contentAttributes.of({ "aria-label": label }),
];

/** The shadow root of an element, made once. */
const shadowOf = (host: HTMLElement) => host.shadowRoot ?? host.attachShadow({ mode: "open" });

function diagnosticsOf(state: EditorState, mistakes: Mistake[], severity: "error" | "warning"): Diagnostic[] {
  return mistakes.map((mistake) => {
    const line = state.doc.line(Math.min(Math.max(1, mistake.line), state.doc.lines));
    const from = Math.min(line.from + Math.max(0, mistake.column - 1), line.to);
    const word = /^[^\s,:\]}]+/.exec(line.text.slice(from - line.from))?.[0].length ?? 0;
    const message = mistake.advice ? `${mistake.what} (${mistake.advice})` : mistake.what;
    return { from, to: Math.min(line.to, from + Math.max(1, word)), severity, message };
  });
}

export interface EditorHandle {
  /** Puts the cursor there and shows it. */
  goTo: (line: number, column: number) => void;
  find: (text: string) => void;
}

interface PolicyEditorProps {
  ref?: Ref<EditorHandle>;
  label: string;
  /** What it begins with. Later the editor alone has the text; for another one give it another key. */
  text: string;
  change: (text: string) => void;
  readOnly: boolean;
  errors: Mistake[];
  warnings: Mistake[];
}

function show(view: EditorView, at: number) {
  view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: "center" }) });
  view.focus();
}

export function PolicyEditor({ ref, label, text, change, readOnly, errors, warnings }: PolicyEditorProps) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const latest = useRef({ change, text });
  latest.current = { change, text };

  useEffect(() => {
    if (!host.current) return;
    const root = shadowOf(host.current);
    const made = new EditorView({
      root,
      parent: root,
      state: EditorState.create({
        doc: latest.current.text,
        extensions: [
          common(label),
          history(),
          foldGutter(),
          lintGutter(),
          bracketMatching(),
          highlightActiveLine(),
          indentUnit.of("  "),
          keymap.of([
            ...defaultKeymap,
            ...historyKeymap,
            ...lintKeymap,
            ...(readOnly ? [] : [indentWithTab]),
          ]),
          EditorState.readOnly.of(readOnly),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) latest.current.change(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = made;
    return () => made.destroy();
  }, [label, readOnly]);

  useEffect(() => {
    const now = view.current;
    if (!now) return;
    const found = [
      ...diagnosticsOf(now.state, errors, "error"),
      ...diagnosticsOf(now.state, warnings, "warning"),
    ];
    now.dispatch(setDiagnostics(now.state, found));
  }, [errors, warnings]);

  useImperativeHandle(ref, () => ({
    goTo: (line, column) => {
      const now = view.current;
      if (!now) return;
      const at = now.state.doc.line(Math.min(Math.max(1, line), now.state.doc.lines));
      show(now, Math.min(at.to, at.from + Math.max(0, column - 1)));
    },
    find: (wanted) => {
      const at = view.current?.state.doc.toString().indexOf(wanted) ?? -1;
      if (view.current && at >= 0) show(view.current, at);
    },
  }));

  return <div ref={host} className="editor" data-editor="policy" />;
}

interface PolicyCompareProps {
  labels: [string, string];
  before: string;
  after: string;
}

/** Two texts side by side, what is the same folded away. */
export function PolicyCompare({ labels: [left, right], before, after }: PolicyCompareProps) {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!host.current) return;
    const root = shadowOf(host.current);
    const fixed = [EditorState.readOnly.of(true), EditorView.editable.of(false)];
    const merge = new MergeView({
      root,
      parent: root,
      a: {
        doc: before,
        extensions: [
          common(left),
          fixed,
          EditorView.contentAttributes.of({ tabindex: "0", "aria-readonly": "true" }),
        ],
      },
      b: {
        doc: after,
        extensions: [
          common(right),
          fixed,
          EditorView.contentAttributes.of({ tabindex: "0", "aria-readonly": "true" }),
        ],
      },
      collapseUnchanged: { margin: 3, minSize: 6 },
      gutter: true,
    });
    return () => merge.destroy();
  }, [before, after, left, right]);
  return <div ref={host} className="editor" data-editor="compare" />;
}
