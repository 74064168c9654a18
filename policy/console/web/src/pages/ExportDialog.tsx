// SPDX-License-Identifier: Apache-2.0
// What leaves the appliance about a violation. It shows who the subject is, so the reason is in the audit log first.
import {
  Alert,
  Button,
  Form,
  FormGroup,
  Modal,
  ModalBody,
  ModalFooter,
  ModalHeader,
  Progress,
  Radio,
} from "@patternfly/react-core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useEffect, useRef, useState } from "react";
import type { Schemas } from "../api/client";
import { fetchFile, keepFile } from "../api/download";
import { useText } from "../i18n";
import { bytesText } from "../lib/format";
import { ReasonField } from "../parts/FormDialog";
import { failureText } from "../parts/States";

const kWhats: readonly Schemas["ExportRequest"]["what"][] = ["bundle", "packets"];

function HowFar({ here, all }: { here: number; all: number }) {
  const { t, language } = useText();
  if (here === 0) return <p role="status">{t("export.making")}</p>;
  return (
    <Progress
      title={t("export.fetching")}
      value={all > 0 ? Math.round((100 * here) / all) : undefined}
      label={
        all > 0 ? `${bytesText(here, language)} / ${bytesText(all, language)}` : bytesText(here, language)
      }
      aria-label={t("export.fetching")}
    />
  );
}

export function ExportDialog({ id, close }: { id: number; close: () => void }) {
  const { t, language } = useText();
  const [what, setWhat] = useState<Schemas["ExportRequest"]["what"]>("bundle");
  const [reason, setReason] = useState("");
  const [far, setFar] = useState({ here: 0, all: 0 });
  const stop = useRef<AbortController>(undefined);
  useEffect(() => () => stop.current?.abort(), []);
  const fetching = useMutation({
    mutationFn: async () => {
      stop.current = new AbortController();
      setFar({ here: 0, all: 0 });
      return fetchFile(
        `/violations/${id}/evidence`,
        { what, reason: reason.trim() } satisfies Schemas["ExportRequest"],
        (here, all) => setFar({ here, all }),
        stop.current.signal,
      );
    },
    onSuccess: keepFile,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (reason.trim()) fetching.mutate();
  };
  const done = fetching.data;
  return (
    <Modal isOpen onClose={close} variant="small" aria-labelledby="export-title">
      <ModalHeader title={t("export.title", { id })} labelId="export-title" description={t("export.body")} />
      <ModalBody>
        {fetching.error ? <Alert isInline variant="danger" title={failureText(fetching.error, t)} /> : null}
        {fetching.isPending ? <HowFar {...far} /> : null}
        {done ? (
          <Alert
            isInline
            variant="success"
            title={t("export.done", { name: done.name, size: bytesText(done.blob.size, language) })}
            data-exported={done.name}
          >
            {done.missing.length > 0 ? (
              <>
                <p>{t("export.missing")}</p>
                <ul>
                  {done.missing.map((one) => (
                    <li key={one}>{one}</li>
                  ))}
                </ul>
              </>
            ) : null}
          </Alert>
        ) : fetching.isPending ? null : (
          <Form id="export" onSubmit={submit}>
            <FormGroup role="radiogroup" label={t("export.what")} fieldId="export-bundle" isStack>
              {kWhats.map((one) => (
                <Radio
                  key={one}
                  id={`export-${one}`}
                  name="export-what"
                  label={t(`export.${one}`)}
                  description={t(`export.${one}.help`)}
                  isChecked={what === one}
                  onChange={() => setWhat(one)}
                />
              ))}
            </FormGroup>
            <ReasonField id="export-reason" label={t("decide.reason")} reason={reason} change={setReason} />
          </Form>
        )}
      </ModalBody>
      <ModalFooter>
        {done ? null : (
          <Button
            type="submit"
            form="export"
            isDisabled={!reason.trim() || fetching.isPending}
            isLoading={fetching.isPending}
          >
            {t("export.go")}
          </Button>
        )}
        <Button variant="link" onClick={close}>
          {t(done ? "dialog.close" : "dialog.cancel")}
        </Button>
      </ModalFooter>
    </Modal>
  );
}
