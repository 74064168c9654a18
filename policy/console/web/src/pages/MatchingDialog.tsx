// SPDX-License-Identifier: Apache-2.0
// One decision about all that the filter matches: how many, and the most frequent of each kind, before anything happens.
import { Alert, Modal, ModalBody, ModalHeader } from "@patternfly/react-core";
import type { Schemas, State } from "../api/client";
import { kChangeMax, useMatching } from "../api/violations";
import { type TextKey, useText } from "../i18n";
import { numberText } from "../lib/format";
import type { Asked } from "../lib/query";
import type { Before } from "../lib/undo";
import { SeverityMark, StateMark } from "../parts/Marks";
import { Failed, Loading } from "../parts/States";
import { DecideDialog } from "./DecideDialog";

interface GroupsProps {
  title: TextKey;
  of: Schemas["CountedNames"];
  show?: (name: string) => React.ReactNode;
}

function Groups({ title, of, show }: GroupsProps) {
  const { t, language } = useText();
  const left = of.different - of.most.length;
  return (
    <div>
      <dt>{t(title)}</dt>
      {of.most.map(({ name, count }) => (
        <dd key={name}>
          {show ? show(name) : <span className="mono">{name}</span>}{" "}
          <span className="numbers">{numberText(count, language)}</span>
        </dd>
      ))}
      {left > 0 ? <dd className="quiet">{t("matching.others", { count: left })}</dd> : null}
    </div>
  );
}

function MatchingPreview({ found }: { found: Schemas["MatchingViolations"] }) {
  const { t, language } = useText();
  const count = found.violations.length;
  return (
    <div className="preview" data-matching={count}>
      <p>
        <strong>{t("matching.count", { count, number: numberText(count, language) })}</strong>
      </p>
      {found.more ? (
        <Alert
          isInline
          isPlain
          variant="warning"
          title={t("matching.more", { most: numberText(kChangeMax, language) })}
        />
      ) : null}
      <dl className="groups">
        <Groups
          title="column.severity"
          of={found.severities}
          show={(name) => <SeverityMark severity={name as Schemas["Severity"]} />}
        />
        <Groups title="column.state" of={found.states} show={(name) => <StateMark state={name as State} />} />
        <Groups title="column.rule" of={found.rules} />
        <Groups title="column.subject" of={found.subjects} />
      </dl>
    </div>
  );
}

interface MatchingDialogProps {
  query: Asked;
  close: () => void;
  decide: (rows: Before[], to: State, reason: string) => void;
}

export function MatchingDialog({ query, close, decide }: MatchingDialogProps) {
  const { t } = useText();
  const matching = useMatching(query);
  if (matching.data && !matching.isFetching) {
    const { violations } = matching.data;
    return (
      <DecideDialog
        rows={violations}
        preview={<MatchingPreview found={matching.data} />}
        close={close}
        decide={(to, reason) => decide(violations, to, reason)}
      />
    );
  }
  return (
    <Modal isOpen onClose={close} variant="small" aria-labelledby="matching-title">
      <ModalHeader title={t("decide.title")} labelId="matching-title" />
      <ModalBody>
        {matching.error ? (
          <Failed error={matching.error} retry={() => matching.refetch()} />
        ) : (
          <Loading rows={3} />
        )}
      </ModalBody>
    </Modal>
  );
}
