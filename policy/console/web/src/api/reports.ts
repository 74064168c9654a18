// SPDX-License-Identifier: Apache-2.0
// Reports: those that are kept, and new ones to look at and to download.
import { useMutation, useQuery } from "@tanstack/react-query";
import { api, csrf, type Schemas, told } from "./client";
import { fetchFile, keepFile } from "./download";

export type ReportRequest = Schemas["ReportRequest"];
export type Report = Schemas["Report"];

export const useReports = () =>
  useQuery({ queryKey: ["reports"], queryFn: ({ signal }) => told(api.GET("/reports", { signal })) });

/** To look at; nothing leaves the appliance. */
export const useReport = () =>
  useMutation({
    mutationFn: async (asked: Omit<ReportRequest, "format">) =>
      (await told(
        api.POST("/reports", { params: { header: csrf }, body: { ...asked, format: "page" } }),
      )) as Report,
  });

export interface Download {
  path: "/reports" | "/reports/downloads";
  body: ReportRequest | { name: string };
}
export const useDownload = () =>
  useMutation({
    mutationFn: ({ path, body }: Download) =>
      fetchFile(path, body, () => undefined, new AbortController().signal),
    onSuccess: keepFile,
  });
