import { dirname, resolve } from 'node:path';
import type { HttpClientConfig, HttpSdConfig, PrometheusConfig, ScrapeConfig, TlsConfig } from '@tillwatch/config';

/**
 * Makes the files that jobs name absolute: they are relative to the file in which the job stands, which is the main file or
 * one of `scrape_config_files`. Rule files and files of jobs are left as they are; they have been read by then.
 */
export function withAbsolutePaths(config: PrometheusConfig, mainFile: string): PrometheusConfig {
  return {
    ...config,
    scrapeConfigs: config.scrapeConfigs.map((job) => inJob(job, dirname(resolve(job.at.file || mainFile)))),
  };
}

function inJob(job: ScrapeConfig, folder: string): ScrapeConfig {
  return {
    ...job,
    ...inClient(job, folder),
    scrapeFailureLogFile: job.scrapeFailureLogFile && resolve(folder, job.scrapeFailureLogFile),
    fileSdConfigs: job.fileSdConfigs.map((discovery) => ({
      ...discovery,
      files: discovery.files.map((pattern) => resolve(folder, pattern)),
    })),
    httpSdConfigs: job.httpSdConfigs.map(
      (discovery): HttpSdConfig => ({ ...discovery, ...inClient(discovery, folder) }),
    ),
  };
}

function inClient(client: HttpClientConfig, folder: string): Partial<HttpClientConfig> {
  const file = (path: string | undefined) => (path === undefined || path === '' ? undefined : resolve(folder, path));
  const tls = (config: TlsConfig | undefined) =>
    config && {
      ...config,
      caFile: file(config.caFile),
      certFile: file(config.certFile),
      keyFile: file(config.keyFile),
    };
  const { basicAuth, authorization, oauth2, headers } = client;
  return {
    basicAuth: basicAuth && {
      ...basicAuth,
      usernameFile: file(basicAuth.usernameFile),
      passwordFile: file(basicAuth.passwordFile),
    },
    authorization: authorization && { ...authorization, credentialsFile: file(authorization.credentialsFile) },
    oauth2: oauth2 && { ...oauth2, clientSecretFile: file(oauth2.clientSecretFile), tls: tls(oauth2.tls) },
    tls: tls(client.tls),
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, values]) => [
        name,
        { ...values, files: values.files.map((path) => resolve(folder, path)) },
      ]),
    ),
  };
}
